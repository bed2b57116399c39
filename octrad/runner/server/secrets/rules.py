"""Which shapes of a text are a secret: our part of the rules. Pure.

detect-secrets has the others (`library.py`). No rule guesses from entropy or from a name such as `password`, because
what stops a task must not be a guess. Each begins at a border or a fixed word, so that none takes long over any text.
"""

import hashlib
import re
from collections.abc import Mapping

# What stands where a key goes in examples: a run of one filling character, and the examples of AWS' own manual.
_PLACEHOLDER = re.compile(r"([xX0*])\1{11,}|AKIA[0-9A-Z]{9}EXAMPLE|wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
_PEM = r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
# Programs that read keys name the marker too; a key has its material behind it, be it in a quoted string.
_MATERIAL = r"(?:\\[nr]|[\s\"'`+,#*>|]|(?:Proc-Type|DEK-Info|Version|Comment): [^\n]{0,200}\n)*+[A-Za-z0-9+/=]{40,}"


def _compile(patterns: Mapping[str, str]) -> Mapping[str, re.Pattern[str]]:
    return {name: re.compile(pattern, re.ASCII) for name, pattern in patterns.items()}


# What the library does not know, knows only in part, or is too slow to know.
OWN_RULES = _compile(
    {
        "Private Key": rf"-----BEGIN ENCRYPTED PRIVATE KEY-----{_MATERIAL}|PuTTY-User-Key-File-3: (?:ssh|ecdsa)-",
        "Anthropic Key": r"(?<![\w-])sk-ant-[a-z]{2,10}\d{2}-[\w-]{40,}",
        "DeepSeek Key": r"(?<![\w-])sk-[0-9a-f]{32}(?![\w-])",
        "GitHub Token": r"(?<!\w)github_pat_\w{82}(?!\w)",
        "Google Key": r"(?<![\w-])AIza[\w-]{35}(?![\w-])",
        "NPM Token": (
            r"(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)|:_authToken=\s*[A-Fa-f0-9]{8}(?:-[A-Fa-f0-9]{4}){3}-[A-Fa-f0-9]{12}"
        ),
        "OpenAI Key": r"(?<![\w-])sk-(?:[\w-]{12,180}?)T3BlbkFJ[\w-]{20,}",
        "OpenRouter Key": r"(?<![\w-])sk-or-v1-[0-9a-f]{64}(?!\w)",
    }
)

# The library's detectors that are asked, by their class, and what narrows those that also match what is no key.
LIBRARY_RULES: Mapping[str, re.Pattern[str] | None] = {
    name: re.compile(pattern, re.ASCII) if pattern else None
    for name, pattern in {
        "aws.AWSKeyDetector": (
            r"(?<![A-Za-z0-9+/])(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}(?![A-Za-z0-9+/=])"
            r"|(?i:aws.{0,20}?(?:key|pwd|pw|password|pass|token).{0,20}?['\"])"
            r"(?=[^'\"]{0,39}\d)[0-9a-zA-Z/+]{40}['\"]"
        ),
        "azure_storage_key.AzureStorageKeyDetector": "",
        "discord.DiscordBotTokenDetector": (
            r"(?<![\w-])(?:[MNO][DTjz][AEIMQUYcgk][wxyz0-5]){5,6}[\w-]{0,4}\.[\w-]{6}\.[\w-]{27,38}(?![\w-])"
        ),
        "github_token.GitHubTokenDetector": "",
        "gitlab_token.GitLabTokenDetector": "",
        "jwt.JwtTokenDetector": r"(?<![\w-])eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{20,}",
        "private_key.PrivateKeyDetector": rf"{_PEM}{_MATERIAL}|PuTTY-User-Key-File-2: (?:ssh|ecdsa)-",
        "pypi_token.PypiTokenDetector": "",
        "sendgrid.SendGridDetector": "",
        "slack.SlackDetector": (
            r"(?i:xox[abposr]-(?:\d+-)*\d{8,}-[a-z0-9]+)|https://hooks\.slack\.com/services/T\w{8,}/B\w{8,}/\w{20,}"
        ),
        "square_oauth.SquareOAuthDetector": "",
        "stripe.StripeDetector": "",
        "telegram_token.TelegramBotTokenDetector": r"(?<!\d)\d{8,10}:AA[0-9A-Za-z_-]{33}(?![0-9A-Za-z_-])",
        "twilio.TwilioKeyDetector": r"(?<![A-Za-z0-9])SK[0-9a-f]{32}(?![A-Za-z0-9])",
    }.items()
}


def without_placeholders(text: str) -> str:
    """The text with blanks where an example stands in a key's place; every other character stays where it is."""
    return _PLACEHOLDER.sub(lambda match: " " * len(match[0]), text)


def rules_digest(prefilter: bytes) -> str:
    """What changes when a rule or the prefilter does."""
    patterns = [*OWN_RULES.items(), *LIBRARY_RULES.items(), ("", _PLACEHOLDER)]
    text = "".join(f"{name}\0{pattern.pattern if pattern else ''}\0" for name, pattern in patterns)
    return hashlib.sha256(prefilter + text.encode()).hexdigest()[:16]
