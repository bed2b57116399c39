"""Known errors are found in a tool's output, the first one first."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.knowledge.library import read_library
from octrad.knowledge.match_errors import match_errors
from tests.unit.knowledge.guide_files import made_guide

GUIDES = read_library().guides
ZAG = made_guide()


def says(guide: str, output: str) -> list[str]:
    return [known.error.says for known in match_errors([GUIDES[guide]], output)]


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("zag: cannot find `a.zag`", True),
        ("   zag:  cannot\tfind `a.zag` in b\n", True),
        ("ZAG: cannot find `a.zag`", False),
        ("zag: cannot find\n`a.zag`", False),
        ("zag: cannot find `", False),
        ("", False),
    ],
)
def test_what_differs_may_be_anything_within_the_line(output: str, *, found: bool) -> None:
    assert bool(match_errors([ZAG], output)) is found


def test_errors_come_in_the_order_of_the_output_each_once() -> None:
    output = "error[E0502]: cannot borrow `v`\nerror[E0382]: use of moved value\nerror[E0502]: cannot borrow `w`\n"
    assert says("cargo", output) == ["error[E0502]: cannot borrow", "error[E0382]:"]


def test_of_two_in_one_line_the_more_specific_is_meant() -> None:
    line = "make: *** No rule to make target 'b', needed by 'a'. Stop."
    assert says("make", line) == ["*** No rule to make target '…', needed by '…'. Stop."]
    assert says("make", "make: *** No rule to make target 'b'.  Stop.") == ["*** No rule to make target '…'. Stop."]


def test_every_guide_is_looked_through() -> None:
    output = (
        "ModuleNotFoundError: No module named 'requests'\nmake: *** [Makefile:2: test] Error 1\nzag: cannot find `x`\n"
    )
    known = match_errors([GUIDES["pip"], GUIDES["make"], ZAG], output)
    assert [one.guide.name for one in known] == ["pip", "zag"]


@given(st.text(max_size=400))
def test_no_output_is_an_error(output: str) -> None:
    match_errors([ZAG], output)


def test_a_hostile_output_costs_no_time() -> None:
    output = "\n".join(["zag: cannot find " * 400] * 400)
    began = time.monotonic()
    assert match_errors([ZAG, *GUIDES.values()], output) == ()
    assert time.monotonic() - began < 10
