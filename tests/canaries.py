"""Keys that nobody issued, put together when they are asked for, so that no file of this repository holds one."""

import base64
import json
import random
import string

_PRIVATE = "PRIVATE" + " KEY"


def characters(count: int, alphabet: str = string.ascii_letters + string.digits, seed: int = 1) -> str:
    """As many characters as if drawn by chance; always the same."""
    chance = random.Random(f"{seed}/{count}/{alphabet}")  # noqa: S311 - a key that must open nothing
    return "".join(chance.choices(alphabet, k=count))


def github_token() -> str:
    return "ghp" + "_" + characters(36)


def private_key(kind: str = "OPENSSH ", newline: str = "\n") -> str:
    lines = [characters(64, string.ascii_letters + string.digits + "+/", seed) for seed in range(6)]
    return newline.join([f"-----BEGIN {kind}{_PRIVATE}-----", *lines, f"-----END {kind}{_PRIVATE}-----", ""])


def json_web_token() -> str:
    parts = [json.dumps({"alg": "HS256", "typ": "JWT"}), json.dumps({"sub": "1", "name": characters(200)})]
    return ".".join([*(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts), characters(43)])


def canaries() -> dict[str, tuple[str, ...]]:
    """Keys of each kind, by the rule that has to find them."""
    hexadecimal = string.digits + "abcdef"
    upper = string.ascii_uppercase + string.digits
    digits = characters(12, string.digits)
    discord = base64.b64encode(characters(18, string.digits).encode()).decode()
    return {
        "AWS Access Key": ("AKIA" + characters(16, upper), "ASIA" + characters(16, upper)),
        "Anthropic Key": ("sk-" + "ant-api03-" + characters(95, string.ascii_letters + "-_"),),
        "Azure Storage Account access key": ("Account" + "Key=" + characters(86) + "==",),
        "DeepSeek Key": ("sk-" + characters(32, hexadecimal),),
        "Discord Bot Token": (f"{discord}.{characters(6)}.{characters(27)}",),
        "GitHub Token": (github_token(), "ghs" + "_" + characters(36), "github" + "_pat_" + characters(82)),
        "GitLab Token": tuple(f"gl{kind}-" + characters(50) for kind in ("pat", "dt", "soat", "rt", "cbt", "agent")),
        "Google Key": ("AI" + "za" + characters(35),),
        "JSON Web Token": (json_web_token(),),
        "NPM Token": ("npm" + "_" + characters(36),),
        "OpenAI Key": (
            "sk-" + characters(20) + "T3Blbk" + "FJ" + characters(20),
            "sk-proj-" + characters(74, string.ascii_letters + "-_") + "T3Blbk" + "FJ" + characters(74),
        ),
        "OpenRouter Key": ("sk-" + "or-v1-" + characters(64, hexadecimal),),
        "Private Key": (
            private_key(),
            private_key("RSA "),
            private_key(""),
            private_key("ENCRYPTED "),
            private_key("EC ", newline="\\n"),
            private_key("RSA ", newline="\r\n"),
            "PuTTY-User-Key-" + "File-2: ssh-rsa\n",
            "PuTTY-User-Key-" + "File-3: ssh-ed25519\n",
        ),
        "PyPI Token": ("pypi-" + "AgEIcHlwaS5vcmc" + characters(100),),
        "SendGrid API Key": ("S" + "G." + characters(22) + "." + characters(43),),
        "Slack Token": (
            "xo" + f"xb-{digits}-{digits}-{characters(24)}",
            "https://hooks.slack" + f".com/services/T{characters(8, upper)}/B{characters(8, upper)}/{characters(24)}",
        ),
        "Square OAuth Secret": ("sq0" + "csp-" + characters(43),),
        "Stripe Access Key": ("sk" + "_live_" + characters(24),),
        "Telegram Bot Token": (f"{characters(10, '123456789')}:" + "AA" + characters(33),),
        "Twilio API Key": ("S" + "K" + characters(32, hexadecimal),),
    }
