import time
from itertools import islice, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.runner.edits import EDIT_BYTES, EDITS_AT_ONCE, EDITS_BYTES, Edit, Removal, Replacement, WholeFile
from octrad.runner.server.edits.apply_edits import Obstacle, PlainFile, Present, apply_edits, judge_edits


def plain(text: str, *, executable: bool = False) -> PlainFile:
    return PlainFile(text.encode(), executable)


def test_whole_file_is_made() -> None:
    outcome = apply_edits([WholeFile("a", "hello", executable=True)], {"a": None})
    assert outcome.files == {"a": plain("hello", executable=True)}


def test_overwritten_file_stays_executable() -> None:
    outcome = apply_edits([WholeFile("run.sh", "new")], {"run.sh": plain("old", executable=True)})
    assert outcome.files == {"run.sh": plain("new", executable=True)}


def test_replacements_of_one_file_build_on_each_other() -> None:
    edits = [Replacement("a", "one", "two"), Replacement("a", "two", "three")]
    assert apply_edits(edits, {"a": plain("one\n")}).files == {"a": plain("three\n")}


def test_replacement_takes_its_text_literally() -> None:
    outcome = apply_edits([Replacement("a", "x", r"\1\g<0>$1")], {"a": plain("x")})
    assert outcome.files == {"a": plain(r"\1\g<0>$1")}


def test_file_is_removed() -> None:
    assert apply_edits([Removal("a")], {"a": plain("")}).files == {"a": None}


@pytest.mark.parametrize(
    ("edit", "present", "reason"),
    [
        (Replacement("a", "x", "y"), None, "no such file to change"),
        (Replacement("a", "", "y"), plain("x"), "is empty"),
        (Replacement("a", "x", "y"), plain("x x"), "more than once (lines 1, 1)"),
        (Replacement("a", "aa", "b"), plain("aaa"), "more than once"),
        (Replacement("a", "x", "y"), PlainFile(b"\xff\xfex", executable=False), "not UTF-8"),
        (Replacement("a", "l1\nl2", "y"), plain("l1\r\nl2\r\n"), "line ends"),
        (Replacement("a", "def  main():", "y"), plain("import os\ndef main():\n"), "line 2 `def main():`"),
        (Replacement("a", "zzz", "y"), plain("import os\n"), "nor anything like it"),
        (Removal("a"), None, "no such file to remove"),
        (WholeFile("a", "x\0y"), None, "NUL"),
        (WholeFile("a", "\ud800"), None, "Unicode"),
        *((WholeFile("a", "x"), obstacle, obstacle.value) for obstacle in Obstacle),
    ],
)
def test_edit_that_cannot_be_is_refused_with_its_reason(edit: Edit, present: Present, reason: str) -> None:
    outcome = apply_edits([edit], {"a": present})
    assert not outcome.files
    assert len(outcome.refusals) == 1
    assert outcome.refusals[0].startswith("`a`: ")
    assert reason in outcome.refusals[0]


def test_one_refused_edit_refuses_all_with_every_reason() -> None:
    edits: list[Edit] = [WholeFile("good", "x"), Removal("b"), Replacement("c", "x", "y")]
    outcome = apply_edits(edits, {"good": None, "b": None, "c": None})
    assert not outcome.files
    assert [refusal[:4] for refusal in outcome.refusals] == ["`b`:", "`c`:"]


def test_file_and_directory_of_one_name_are_refused() -> None:
    outcome = apply_edits([WholeFile("a", "x"), WholeFile("a/b", "y")], {"a": None, "a/b": None})
    assert outcome.refusals == ("`a/b`: `a` is written as a file by another edit",)


@pytest.mark.parametrize(
    ("edits", "reason"),
    [
        ([WholeFile("a", "x" * (EDIT_BYTES + 1))], "in one edit"),
        ([WholeFile("a", "ä" * (EDIT_BYTES // 2 + 1))], "in one edit"),
        ([Replacement("a", "x" * EDIT_BYTES, "y")], "in one edit"),
        ([WholeFile(f"f{n}", "x" * EDIT_BYTES) for n in range(EDITS_BYTES // EDIT_BYTES + 1)], "together"),
        ([Removal(f"f{n}") for n in range(EDITS_AT_ONCE + 1)], "edits at once"),
        ([WholeFile("../a", "x")], "`..`"),
    ],
)
def test_edits_are_refused_before_the_tree_is_looked_at(edits: list[Edit], reason: str) -> None:
    refusals = judge_edits(edits)
    assert len(refusals) == 1
    assert reason in refusals[0]


@pytest.mark.timeout(5)
def test_hundred_megabytes_are_refused_at_once() -> None:
    assert judge_edits([WholeFile("big", "x" * 100_000_000)])


@pytest.mark.timeout(20)
def test_search_in_a_hostile_file_is_explained_in_bounded_time() -> None:
    text = "\n".join("ab" * 200 + str(n) for n in range(20_000))
    assert apply_edits([Replacement("a", "ba" * 200, "x")], {"a": plain(text)}).refusals


@given(st.text(max_size=30), st.text(min_size=1, max_size=3), st.text(max_size=3))
def test_replacement_happens_exactly_when_the_place_is_one(text: str, search: str, replace: str) -> None:
    places = sum(text.startswith(search, place) for place in range(len(text)))
    outcome = apply_edits([Replacement("a", search, replace)], {"a": plain(text)})
    assert bool(outcome.files) == (places == 1 and "\0" not in text.replace(search, replace, 1))


def test_answer_of_searches_that_fail_is_refused_in_seconds() -> None:
    lines = ["".join(letters) for letters in islice(permutations("abcdefgh" * 10), 1000)]
    present = {"a.txt": PlainFile("\n".join(lines).encode(), executable=False)}
    begun = time.process_time()
    outcome = apply_edits([Replacement("a.txt", "hgfedcba" * 10, "x")] * 200, present)
    assert len(outcome.refusals) == 200
    assert time.process_time() - begun < 20
