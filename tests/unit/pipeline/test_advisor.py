import pytest

from octrad.pipeline.advisor import Ending, EndKind, Kept, advise

TASK = "k7f3bcdfgh"


def failed(code: str, detail: str = "") -> Ending:
    return Ending(EndKind.FAILED, "c0ffee", code, "it broke.", "mend it", detail)


@pytest.mark.parametrize(
    ("ending", "command"),
    [
        (failed("checks_failed", "check/4/1"), f"octractl logs {TASK} --step check/4/1"),
        (failed("not_approved"), f"octractl retry {TASK}"),
        (failed("answer_refused"), f"octractl retry {TASK} --fresh"),
        (failed("models_failed", "auth"), "octractl models"),
        (failed("models_failed", "rate"), f"octractl retry {TASK}"),
        (failed("configuration"), "octrad check"),
        (failed("internal"), f"octractl logs {TASK}"),
        (failed("what_nobody_knows"), f"octractl retry {TASK}"),
        (Ending(EndKind.CANCELLED, "c0ffee", message="not needed"), f"octractl retry {TASK}"),
    ],
)
def test_every_end_has_one_next_step(ending: Ending, command: str) -> None:
    note, next_command = advise(TASK, ending, Kept.SNAPSHOT)
    assert next_command == command
    assert command not in note
    assert note.endswith("kept, as a partial snapshot.")


def test_note_says_what_happened_and_what_to_do_about_it() -> None:
    note, _ = advise(TASK, failed("configuration"), Kept.NOTHING)
    assert note.splitlines()[:3] == ["Something is not set up.", "It broke.", "Hint: Mend it."]
    assert "nothing yet to keep" in note


def test_tree_that_could_not_be_snapshotted_is_said_to_be_left() -> None:
    note, command = advise(TASK, Ending(EndKind.DONE, "c0ffee"), Kept.TREE, snapshot_failure="no space left")
    assert "no space left" in note
    assert "left in place" in note
    assert command == f"octractl retry {TASK}"


def test_braces_in_a_message_are_only_text() -> None:
    note, _ = advise(TASK, Ending(EndKind.FAILED, "", "exhausted", "{task} {0} {x!r}"), Kept.NOTHING)
    assert "{task} {0} {x!r}" in note


@pytest.mark.parametrize(
    "ending",
    [
        Ending(EndKind.DONE, "c0ffee"),
        failed("checks_failed", "check/4/1"),
        Ending(EndKind.CANCELLED, "c0ffee", message="not needed"),
    ],
)
def test_refused_snapshot_is_told_with_the_way_to_allow_it_however_the_run_ended(ending: Ending) -> None:
    note, command = advise(TASK, ending, Kept.REFUSED, snapshot_failure="secrets: a{0}.py:3 GitHub Token")
    assert "a{0}.py:3 GitHub Token" in note
    assert "Nothing went into the Nix store" in note
    assert command == f"octractl retry {TASK} --allow-secrets"
