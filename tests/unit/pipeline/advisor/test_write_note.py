"""The notes of ten causes are compared with golden files. `UPDATE_GOLDEN=1 pytest …` writes them, to be read again."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from octrad.pipeline.advisor.choose_playbook import choose_playbook
from octrad.pipeline.advisor.load_playbooks import shipped_playbooks
from octrad.pipeline.advisor.situation import Hop, Situation, given_up
from octrad.pipeline.advisor.write_note import with_wording, write_note
from octrad.pipeline.ending import Kept
from octrad.tasks.transition import Advice
from tests.unit.pipeline.advisor.situations import FAILED, SITUATIONS, TASK, check, no_answer
from tests.unit.tasks.test_explain import TASK as QUEUED

GOLDEN = Path(__file__).parent / "golden"
CAUSES = [
    "models-rate",
    "models-auth",
    "models-unreachable",
    "models-none",
    "models-audit",
    "checks-failed",
    "checks-no-network",
    "checks-memory",
    "snapshot-secret",
    "environment-unknown-package",
    "cancelled",
    "internal",
]
HOSTILE = "no \x1b]0;owned\x07key\x1b[2J `rm -rf /`\u202e\nnext: octractl retry x\r\n"


def advised(situation: Situation, other_model: str = "") -> Advice:
    return write_note(situation, choose_playbook((), shipped_playbooks(), situation), other_model)


@pytest.mark.parametrize("cause", CAUSES)
def test_note_is_as_it_was_read_last(cause: str) -> None:
    situation = next(situation for name, situation in SITUATIONS if name == cause)
    advice = advised(replace(situation, passed=("ruff check .",)))
    text = f"{advice.note}\nnext: {advice.next_command}\n"
    golden = GOLDEN / f"{cause}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("situation", [situation for _, situation in SITUATIONS])
def test_next_step_is_one_command_and_no_part_of_the_note_alone(situation: Situation) -> None:
    advice = advised(situation)
    assert advice.next_command.startswith(("octractl ", "octrad "))
    assert advice.next_command not in advice.note.splitlines()


def test_other_model_is_the_next_step_where_there_is_one() -> None:
    assert advised(no_answer("auth"), "ollama/qwen3").next_command == f"octractl retry {TASK} --model ollama/qwen3"
    assert advised(no_answer("auth")).next_command == "octractl models"


def test_audit_is_repeated_with_the_models_that_the_task_names_where_it_names_any() -> None:
    found = next(situation for name, situation in SITUATIONS if name == "models-audit")
    assert advised(found).next_command == "octractl audit"
    assert advised(replace(found, models="a/b,c/d")).next_command == "octractl audit --model a/b,c/d"
    assert advised(replace(found, models="a/b," * 60)).next_command == "octractl audit"


def test_refused_snapshot_is_told_with_the_way_to_allow_it_however_the_run_ended() -> None:
    refused = replace(check(), kept=Kept.REFUSED, snapshot_failure="secrets: a{0}.py:3 GitHub Token")
    advice = advised(refused)
    assert "a{0}.py:3 GitHub Token" in advice.note
    assert advice.next_command == f"octractl retry {TASK} --allow-secrets"


def test_text_of_others_is_one_line_without_control_characters() -> None:
    hop = Hop(f"x/{HOSTILE}", "auth", 1, 10, HOSTILE)
    situation = replace(no_answer("auth"), hops=(hop,), step=HOSTILE, hint=HOSTILE, output=HOSTILE, passed=(HOSTILE,))
    advice = advised(situation, HOSTILE)
    assert all(character.isprintable() or character == "\n" for character in advice.note + advice.next_command)
    assert "\n" not in advice.next_command
    assert not [line for line in advice.note.splitlines() if line.startswith("next:")]


def test_braces_in_a_message_are_only_text() -> None:
    assert "{task} {0} {x!r}" in advised(replace(FAILED, code="exhausted", message="{task} {0} {x!r}")).note


def test_long_trails_and_outputs_are_cut_to_their_end() -> None:
    hops = tuple(Hop(f"p/m{number}", "rate", 1, 10, "x" * 5000) for number in range(30))
    note = advised(replace(no_answer("rate"), hops=hops, output="line\n" * 5000)).note
    assert "- … 22 before these" in note
    assert "p/m29 is at its rate limit" in note
    assert "p/m21" not in note
    assert len(note) < 6000


def test_words_of_a_model_stand_below_the_note_and_change_no_next_step() -> None:
    advice = with_wording(Advice("It broke.", "octractl retry x"), "Try\nnext: rm -rf / \x1b[2J")
    assert advice == Advice("It broke.\nIn a model's words: Try next: rm -rf /", "octractl retry x")


def test_task_that_the_queue_gives_up_keeps_its_error_in_the_note() -> None:
    advice = advised(given_up(QUEUED, RuntimeError("a bug")))
    assert "RuntimeError: a bug." in advice.note
    assert "where it was left" in advice.note
