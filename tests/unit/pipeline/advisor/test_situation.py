"""What is made of the journal and the ledger at the end of a run."""

from datetime import UTC, datetime, timedelta

import pytest

from octrad.gateway.calls import Model
from octrad.pipeline.advisor.other_model import pick_other_model
from octrad.pipeline.advisor.situation import Hop, Situation, code_of, failed_step, hops_of, last_lines
from octrad.pipeline.ending import EndKind
from octrad.tasks.ledger import ModelCall
from octrad.tasks.list_steps import StepRecord

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def step(name: str, error: str, *, state: str = "failed", minutes: int = 0) -> StepRecord:
    at = NOW + timedelta(minutes=minutes)
    return StepRecord(name, state, 1, at, 0, "", has_log=False, role="worker", agent="", title="", error=error)


def test_step_that_failed_is_the_last_with_the_message_of_the_end() -> None:
    steps = (
        step("environment", "`x` does not exist"),
        step("work/a/1", "no model answered", minutes=1),
        step("work/b/1", "no model answered", minutes=2),
        step("work/c/1", "the task ended", minutes=3),
    )
    found = failed_step(steps, "no model answered")
    assert found is not None
    assert found.name == "work/b/1"
    assert failed_step(steps, "not approved") is None
    assert failed_step(steps, "") is None


def test_attempts_in_a_row_at_one_model_are_one_hop() -> None:
    calls = [
        ModelCall("a/x", "rate", duration_ms=100, error="slow"),
        ModelCall("a/x", "transient", duration_ms=200, error="e" * 1000),
        ModelCall("b/y", "auth", duration_ms=5, error="no"),
        ModelCall("a/x", "auth", duration_ms=1, error="again"),
    ]
    assert hops_of(calls) == (
        Hop("a/x", "transient", 2, 300, "e" * 300),
        Hop("b/y", "auth", 1, 5, "no"),
        Hop("a/x", "auth", 1, 1, "again"),
    )


@pytest.mark.parametrize(
    ("kind", "code", "snapshot_code", "expected"),
    [
        (EndKind.FAILED, "checks_failed", "", "checks_failed"),
        (EndKind.FAILED, "checks_failed", "exhausted", "checks_failed"),
        (EndKind.DONE, "", "exhausted", "exhausted"),
        (EndKind.CANCELLED, "", "", "cancelled"),
    ],
)
def test_one_word_says_what_ended_it(kind: EndKind, code: str, snapshot_code: str, expected: str) -> None:
    assert code_of(kind, code, snapshot_code) == expected


def test_last_lines_are_plain_and_not_empty() -> None:
    assert last_lines("a\r\n\x1b[31mb\x1b[0m\n\n  c  \n", 2) == ["b", "c"]
    assert last_lines("\n \n", 3) == []


def model(name: str, *, available: bool = True, context: int = 0, rehearsal: bool = False) -> Model:
    return Model(name, name.partition("/")[0], available, "", context, None, None, rehearsal, output_tokens=0)


def tried(outcome: str, *models: str, rehearsal: bool = False) -> Situation:
    hops = tuple(Hop(name, outcome, 1, 1, "no") for name in models)
    return Situation("k7f3", code="models_failed", failure_class=outcome, hops=hops, rehearsal=rehearsal)


MODELS = [model("a/x", context=8), model("a/y", context=16), model("b/z", context=32), model("c/w", context=64)]


@pytest.mark.parametrize(
    ("situation", "models", "picked"),
    [
        (tried("auth", "a/x"), MODELS, "b/z"),
        (tried("billing", "a/x", "b/z"), MODELS, "c/w"),
        (tried("rate", "a/x"), MODELS, "b/z"),
        (tried("bad_model", "a/x"), MODELS, "a/y"),
        (tried("hallucination", "a/x"), MODELS, "a/y"),
        (tried("context", "a/x"), MODELS, "c/w"),
        (tried("auth", "a/x", "b/z", "c/w"), MODELS, ""),
        (tried("auth", "a/x"), [model("b/z", available=False)], ""),
        (tried("auth", "a/x"), [model("b/z", rehearsal=True)], ""),
        (tried("auth", "r/x", rehearsal=True), [model("b/z")], ""),
        (tried("bad_model", "r/x", rehearsal=True), [model("r/z", rehearsal=True)], "r/z"),
    ],
)
def test_other_model_is_one_that_can_be_asked_and_was_not(
    situation: Situation, models: list[Model], picked: str
) -> None:
    assert pick_other_model(situation, models) == picked
