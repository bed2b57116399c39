import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.runner.server.edits.judge_path import judge_path


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "src/main.rs",
        "a b/c d.txt",
        "größe/файл.py",
        ".github/workflows/ci.yml",
        ".gitignore",
        "sub/flake.nix",
    ],
)
def test_ordinary_path_is_allowed(path: str) -> None:
    assert not judge_path(path)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "empty"),
        ("/etc/passwd", "absolute"),
        ("../../etc/passwd", "`..`"),
        ("a/../../b", "`..`"),
        ("a//b", "empty part"),
        ("a/", "empty part"),
        ("./a", "empty part"),
        ("a\0b", "control"),
        ("a\nb", "control"),
        ("a\u202eb", "unprintable"),
        ("..\\..\\etc", "backslash"),
        ("x" * 300, "255 bytes"),
        ("x/" * 600 + "x", "1024 bytes"),
        ("x/" * 60 + "x", "deeper"),
        ("flake.nix", "flake"),
        ("flake.lock", "flake"),
    ],
)
def test_path_that_leads_astray_is_refused_with_its_reason(path: str, reason: str) -> None:
    assert reason in judge_path(path)


@pytest.mark.parametrize(
    "name",
    [
        ".git",
        ".GIT",
        ".Git",
        ".git.",
        ".git ",
        ".git. .",
        "git~1",
        "GIT~1",
        ".git::$INDEX_ALLOCATION",
        ".git:x",
        "\uff0e\uff47\uff49\uff54",
    ],
)
@pytest.mark.parametrize("form", ["{}", "{}/hooks/post-commit", "sub/{}", "sub/{}/config"])
def test_git_directory_is_refused_in_every_disguise(name: str, form: str) -> None:
    assert ".git" in judge_path(form.format(name))


def test_git_directory_with_invisible_letters_is_refused() -> None:
    assert judge_path(".g\u200cit/config")
    assert judge_path("\ufeff.git/config")


def test_path_outside_of_what_is_owned_is_refused() -> None:
    assert "outside" in judge_path("frontend/x.js", ("backend/**", "README.md"))
    assert not judge_path("backend/x.py", ("backend/**", "README.md"))


@given(st.text(st.sampled_from("/.\\gitGIT~1 :ab\0\n\u200c\uff0e"), max_size=24))
def test_allowed_path_is_relative_and_never_enters_git(path: str) -> None:
    if judge_path(path):
        return
    names = path.split("/")
    assert not path.startswith("/")
    assert all(name not in {"", ".", ".."} for name in names)
    assert all(unicodedata.normalize("NFKC", name).casefold().rstrip(". ") != ".git" for name in names)
