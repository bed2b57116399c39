"""When a task is audited, and what follows for it."""

from typing import Literal

import pytest

from octrad.gateway.audits import AuditedModel, Hindrance
from octrad.gateway.calls import Model, Outcome
from octrad.pipeline.audit_models import ModelReport, Report
from octrad.pipeline.audit_task import LARGE_REPOSITORY_BYTES, Audited, conclude, describe_model, wants_audit


def report(name: str, *hindrances: Hindrance, rank: int = 0, remarks: tuple[str, ...] = ()) -> ModelReport:
    model = Model(name, name, True, "", 1000, 1.0, 1.0, rehearsal=False, output_tokens=100)  # noqa: FBT003 - as it is made everywhere
    audited = AuditedModel(model, hindrances, remarks, (), 100, approximate=False, prices_from="", probed=None)
    return ModelReport(audited, rank, 0.02, 3.456)


NO_KEY = Hindrance(Outcome.AUTH, "no key")
TOO_LONG = Hindrance(Outcome.CONTEXT, "too long")


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


def test_one_viable_model_is_enough() -> None:
    models = (report("a", NO_KEY), report("b", rank=1))
    assert conclude(Report(models, 4, 70)) == Audited(viable=True)


def test_where_none_is_viable_all_are_named_and_the_first_gives_the_class() -> None:
    models = (report("a", TOO_LONG, NO_KEY), report("b", NO_KEY))
    found = conclude(Report(models, 4, 70))
    assert found == Audited(
        viable=False, failure_class="context", message="no model can do this work: a: too long; b: no key"
    )


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (report("a", NO_KEY, TOO_LONG), "audit: a cannot do this: no key; too long"),
        (report("a", rank=1), "audit: a can do this, a task costs between $0.02 and $3.46 with it"),
        (report("a", rank=1, remarks=("its window is not known",)), "with it; its window is not known"),
    ],
)
def test_finding_is_one_line(one: ModelReport, words: str) -> None:
    assert describe_model(one).endswith(words)
