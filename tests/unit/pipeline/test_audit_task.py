"""When a task is audited, and what follows for it."""

from typing import Literal

import pytest

from octrad.gateway.audits import AuditedModel, Hindrance
from octrad.gateway.calls import Model, ModelRole, Outcome
from octrad.pipeline.audit.audit_models import ChainReport, ModelReport, Report
from octrad.pipeline.audit.audit_task import LARGE_REPOSITORY_BYTES, Audited, conclude, describe_report, wants_audit
from octrad.tasks.events import Remarked

BOSS, MANAGER, WORKER, REVIEWER, ADVISOR = ModelRole
NO_KEY = Hindrance(Outcome.AUTH, "no key")
TOO_LONG = Hindrance(Outcome.CONTEXT, "too long")


def model(
    name: str,
    *hindrances: Hindrance,
    rank: int = 0,
    remarks: tuple[str, ...] = (),
    costs: tuple[float | None, float | None] = (0.02, 3.456),
) -> ModelReport:
    known = Model(name, name, True, "", 1000, 1.0, 1.0, rehearsal=False, output_tokens=100)  # noqa: FBT003 - as it is made everywhere
    audited = AuditedModel(
        known, hindrances, remarks, (), approximate=False, prices_from="", probed=None, passed_over=False
    )
    return ModelReport(audited, rank, *costs)


def report(*chains: tuple[tuple[ModelRole, ...], tuple[ModelReport, ...]]) -> Report:
    return Report(tuple(ChainReport(roles, ("models.chain",), models) for roles, models in chains), 4, 70)


CAN = model("can", rank=1)


@pytest.mark.parametrize(
    ("before_tasks", "grade", "repository_bytes", "wanted"),
    [
        ("never", 5, LARGE_REPOSITORY_BYTES + 1, False),
        ("large", 3, 0, False),
        ("large", 3, LARGE_REPOSITORY_BYTES, False),
        ("large", 1, LARGE_REPOSITORY_BYTES + 1, True),
        ("large", 4, 0, True),
        ("always", 1, 0, True),
    ],
)
def test_configuration_grade_and_size_decide(
    before_tasks: Literal["never", "large", "always"], grade: int, repository_bytes: int, *, wanted: bool
) -> None:
    assert wants_audit(before_tasks, grade, repository_bytes) == wanted


def test_one_viable_model_a_chain_is_enough() -> None:
    found = report(((BOSS,), (model("a", NO_KEY), model("b", rank=1))), ((WORKER,), (CAN,)))
    assert conclude(found) == Audited(viable=True)


@pytest.mark.parametrize(
    ("chains", "failure_class", "message"),
    [
        (
            [((BOSS, MANAGER, WORKER), (model("a", TOO_LONG, NO_KEY), model("b", NO_KEY)))],
            "context",
            "no model can do this work as boss, manager and worker: a: too long; b: no key",
        ),
        (
            [((BOSS, MANAGER), (CAN,)), ((WORKER, REVIEWER), (model("b", NO_KEY),))],
            "auth",
            "no model can do this work as worker and reviewer: b: no key",
        ),
        (
            [((BOSS,), (model("a", NO_KEY),)), ((MANAGER,), (CAN,)), ((WORKER,), (model("b", TOO_LONG),))],
            "auth",
            "no model can do this work as boss: a: no key; as worker: b: too long",
        ),
        ([((ADVISOR,), (model("a", NO_KEY),))], "auth", "no model can do this work as advisor: a: no key"),
    ],
)
def test_one_chain_in_which_none_is_viable_ends_it_and_its_roles_are_named(
    chains: list[tuple[tuple[ModelRole, ...], tuple[ModelReport, ...]]], failure_class: str, message: str
) -> None:
    assert conclude(report(*chains)) == Audited(viable=False, failure_class=failure_class, message=message)


def test_whoever_only_words_the_note_ends_nothing_and_costs_nothing_where_it_cannot() -> None:
    found = report(((BOSS, WORKER), (CAN,)), ((ADVISOR,), (model("a", NO_KEY),)))
    assert conclude(found) == Audited(viable=True)
    assert (found.stuck_roles, found.least_usd, found.most_usd) == ((), 0.02, 3.456)


@pytest.mark.parametrize(
    ("workers", "costs"),
    [
        ((model("w", rank=1, costs=(1.0, 2.0)), model("x", rank=2, costs=(8.0, 9.0))), (1.02, 5.456)),
        ((model("v", NO_KEY, costs=(8.0, 9.0)), model("w", rank=1, costs=(1.0, 2.0))), (1.02, 5.456)),
        ((model("w", rank=1, costs=(0.0, None)),), (0.02, None)),
        ((model("w", rank=1, costs=(None, None)),), (None, None)),
        ((model("w", NO_KEY, costs=(1.0, 2.0)),), (None, None)),
    ],
)
def test_task_costs_what_the_first_viable_model_of_each_chain_costs(
    workers: tuple[ModelReport, ...], costs: tuple[float | None, float | None]
) -> None:
    found = report(((BOSS,), (CAN,)), ((WORKER,), workers))
    assert (found.least_usd, found.most_usd) == pytest.approx(costs)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (model("a", NO_KEY, TOO_LONG), "audit: a cannot do this as boss and worker: no key; too long"),
        (model("a", rank=1), "audit: a can do this as boss and worker, that costs between $0.02 and $3.46"),
        (model("a", rank=1, costs=(0.0, None)), "audit: a can do this as boss and worker, it has no price"),
        (model("a", rank=1, remarks=("its window is not known",)), "and $3.46; its window is not known"),
    ],
)
def test_finding_is_one_line_a_model(one: ModelReport, words: str) -> None:
    (remark,) = describe_report(report(((BOSS, WORKER), (one,))))
    assert remark.text.endswith(words)
    assert remark.warning == (not one.rank)


def test_several_chains_are_told_with_what_they_cost_together() -> None:
    told = describe_report(report(((BOSS,), (CAN,)), ((WORKER,), (CAN,))))
    assert [remark.text.partition(",")[0] for remark in told[:2]] == [
        "audit: can can do this as boss",
        "audit: can can do this as worker",
    ]
    assert told[2:] == (
        Remarked("audit: a task costs between $0.04 and $6.91 with the first model that can of each chain"),
    )
