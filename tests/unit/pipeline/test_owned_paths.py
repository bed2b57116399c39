import time

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from octrad.pipeline.owned_paths import may_name_one_file, refuse_glob
from octrad.runner.server.edits.match_glob import matches_glob

_GLOBS = st.text(alphabet="ab*/?", min_size=1, max_size=7)


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("server/**", "public/**", False),
        ("server/**", "server/app.js", True),
        ("**", "a", True),
        ("**/*.js", "public/app.js", True),
        ("**/*.js", "app.js", True),
        ("*.js", "public/app.js", False),
        ("*.js", "*.css", False),
        ("a*", "*b", True),
        ("src/*", "src/a/b", True),
        ("server", "server/app.js", True),
        ("src/*.c", "src/a/b", False),
        ("src/**/b", "src/b", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("package.json", "package.json", True),
        ("src/[ab].c", "src/b.c", False),
        ("pages/[id].tsx", "pages/????.tsx", True),
    ],
)
def test_two_globs_meet_where_a_path_matches_both(one: str, other: str, *, meet: bool) -> None:
    assert may_name_one_file(one, other) is meet


@given(_GLOBS, _GLOBS)
def test_meeting_does_not_depend_on_the_order(one: str, other: str) -> None:
    assert may_name_one_file(one, other) == may_name_one_file(other, one)


@st.composite
def a_path_and_two_globs(draw: st.DrawFn) -> tuple[str, str, str]:
    path = "/".join(draw(st.lists(st.text("ab[]", min_size=1, max_size=3), min_size=1, max_size=3)))
    one, other = (
        "".join(draw(st.sampled_from((character, character, "?", "*", "**", "**/"))) for character in path)
        for _ in range(2)
    )
    return path, one, other


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(a_path_and_two_globs())
def test_two_globs_meet_where_the_runner_would_let_both_write(drawn: tuple[str, str, str]) -> None:
    path, one, other = drawn
    assume(matches_glob(path, one) and matches_glob(path, other))
    assert may_name_one_file(one, other)


@given(_GLOBS)
def test_every_glob_meets_itself(glob: str) -> None:
    assert may_name_one_file(glob, glob)


@pytest.mark.parametrize("glob", ["src/**", "README.md", "*.py", "a/b-c/[xy]?.txt", "node_modules/@a/b"])
def test_relative_globs_are_taken(glob: str) -> None:
    assert refuse_glob(glob) == []


@pytest.mark.parametrize(
    "glob", ["", "/etc/**", "../**", "a/../b", "./a", ".git/**", ".GIT/x", "a\nb", "a b", "$(x)", "a" * 201]
)
def test_other_globs_are_refused_with_a_reason(glob: str) -> None:
    assert refuse_glob(glob)


@pytest.mark.parametrize(
    ("one", "other"),
    [("*a" * 6 + "a" * 188 + "x", "*a" * 6 + "a" * 188 + "y"), ("**/" * 60 + "a", "**/" * 60 + "b")],
)
def test_no_two_globs_take_long(one: str, other: str) -> None:
    begun = time.process_time()
    may_name_one_file(one, other)
    assert time.process_time() - begun < 1


def test_glob_of_many_wildcards_is_refused() -> None:
    assert "wildcards" in refuse_glob("*a" * 50)[0]
    assert not refuse_glob("src/**/*.test.*")
