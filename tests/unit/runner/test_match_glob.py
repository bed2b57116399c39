import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.runner.server.edits.match_glob import matches_glob


@pytest.mark.parametrize(
    ("path", "glob", "matches"),
    [
        ("src/a.py", "src/**", True),
        ("src/a/b.py", "src/**", True),
        ("src/a/b.py", "src", True),
        ("src/a/b.py", "src/", True),
        ("src/a/b.py", "./src/", True),
        ("srcs/a.py", "src", False),
        ("a.py", "*.py", True),
        ("b/a.py", "*.py", False),
        ("b/a.py", "**/*.py", True),
        ("a.py", "**/*.py", True),
        ("a.py", "**", True),
        ("a.py", "?.py", True),
        ("[a].py", "[a].py", True),
        ("a.py", "[a].py", False),
    ],
)
def test_glob_names_what_it_says(path: str, glob: str, *, matches: bool) -> None:
    assert matches_glob(path, glob) is matches


def as_expression(glob: str) -> str:
    """The glob as a regular expression: slow on some, but plain."""
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meaning.get(token) or re.escape(token) for token in re.split(r"(\*\*/|\*\*|\*|\?)", glob))


@given(st.text(st.sampled_from("ab/?***"), min_size=1, max_size=8), st.text(st.sampled_from("ab/"), max_size=8))
def test_glob_matches_as_its_expression_does(glob: str, path: str) -> None:
    names = path.split("/")
    expression = as_expression(re.sub(r"\*{3,}", "**", glob).removeprefix("./").rstrip("/"))
    below = ("/".join(names[:depth]) for depth in range(1, len(names) + 1))
    assert matches_glob(path, glob) is any(re.fullmatch(expression, place, re.DOTALL) for place in below)


@pytest.mark.parametrize(
    ("path", "glob"),
    [
        ("a" * 255, "*a" * 99 + "b"),
        ("/".join("a" * 40), "**/" * 60 + "b"),
        ("/".join("a" * 40), "**a" * 60 + "b"),
        ("a" * 255, "***" * 60 + "b"),
    ],
)
def test_no_glob_takes_long(path: str, glob: str) -> None:
    begun = time.process_time()
    assert not matches_glob(path, glob)
    assert time.process_time() - begun < 1
