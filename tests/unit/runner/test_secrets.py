"""Which texts hold a secret. The keys are put together here; none of them opens anything."""

import subprocess
import sys
import time

import pytest

from octrad.runner.server.secrets.finding import FINDINGS_TOLD, Finding, secret_found
from octrad.runner.server.secrets.prefilter import find_windows
from octrad.runner.server.secrets.search_content import search_content
from tests.canaries import canaries, characters, github_token, private_key

CANARIES = [(rule, key) for rule, keys in canaries().items() for key in keys]
IDS = [f"{rule} {number}" for number, (rule, _) in enumerate(CANARIES)]


@pytest.mark.parametrize(("rule", "key"), CANARIES, ids=IDS)
@pytest.mark.parametrize("around", ['key = "{}"', "{}", "export KEY={} # mine", "<a>{}</a>"])
def test_key_is_found_at_its_line_by_its_rule(rule: str, key: str, around: str) -> None:
    text = "one\ntwo\n" + around.replace("{}", key) + "\n"
    assert search_content(text.encode()) == ((3, rule),)


@pytest.mark.parametrize(("rule", "key"), CANARIES, ids=IDS)
def test_key_is_found_in_the_middle_of_an_endless_line(rule: str, key: str) -> None:
    line = b"var a='', " * 50_000
    assert search_content(line + key.encode() + b" " + line) == ((1, rule),)


@pytest.mark.parametrize(("rule", "key"), CANARIES, ids=IDS)
def test_nothing_is_found_without_a_word_that_the_prefilter_knows(rule: str, key: str) -> None:
    assert list(find_windows(key.encode())), f"{rule} would never be asked"


@pytest.mark.parametrize(
    "text",
    [
        "ghp" + "_" + "x" * 36,
        "AKIA" + "IOSFODNN7" + "EXAMPLE",
        "token = os.environ['GITHUB_TOKEN']",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        'if line == "-----BEGIN ' + 'PRIVATE KEY-----": return read_key(file)\n' + "# and so on\n" * 20,
        "//registry.npmjs.org/:_authToken=${NPM_TOKEN}",
        "https://hooks.slack" + ".com/services/T00000000/B00000000/" + "X" * 24,
        "postgres://user:password@localhost/db",
        "password = 'correct horse battery staple'",
        "sha256-" + characters(43) + "=",
        "task-" + characters(32, "abcdef0123456789"),
        "eyJhbGciOiJIUzI1NiJ9",
        "MODULE_WITH_A_VERY_LONG_NAME.method.of_some_object_or_another_one",
    ],
)
def test_what_only_resembles_a_key_is_none(text: str) -> None:
    assert search_content(f"{text}\n".encode()) == ()


def test_every_secret_of_a_file_is_found_once() -> None:
    text = f"a {github_token()} {github_token()}\n\n{private_key()}\n{github_token()}\n"
    assert [rule for _, rule in search_content(text.encode())] == ["GitHub Token", "Private Key", "GitHub Token"]


def test_text_of_two_bytes_a_character_is_read() -> None:
    assert search_content(f"x\nkey {github_token()}".encode("utf-16")) == ((2, "GitHub Token"),)


def test_binary_file_is_searched_for_private_keys_only() -> None:
    binary = b"\x7fELF\0\0" + github_token().encode() + b"\n" + private_key().encode()
    assert search_content(binary) == ((2, "Private Key"),)


@pytest.mark.parametrize(
    "text", ["sk-", "eyJ", "aws", "SG.", "//:_authToken=", "ghp_", "T3BlbkFJ", "-----BEGIN ", "AKIA"]
)
def test_no_text_takes_long(text: str) -> None:
    content = (text * (1024 * 1024 // len(text))).encode()
    began = time.monotonic()
    search_content(content)
    search_content(content + b"PRIVATE KEY-----" * 1000)
    assert time.monotonic() - began < 10


def test_refusal_tells_places_and_no_more_than_fit() -> None:
    findings = [Finding("a\nb" + "d/" * 200 + f"{line}.py", line, "GitHub Token", line == 1) for line in range(1, 31)]
    message = secret_found(findings).message
    assert message.count("GitHub Token") == FINDINGS_TOLD
    assert "1.py:1 GitHub Token (in the history); " in message
    assert message.endswith("and 10 more")
    assert message.isprintable()
    assert len(message) < 4000


@pytest.mark.parametrize("module", ["octrad.daemon", "octractl.__main__", "octrad.runner.server.serve"])
def test_library_is_not_loaded_before_something_is_searched(module: str) -> None:
    code = f"import sys, {module}; sys.exit('detect_secrets' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
