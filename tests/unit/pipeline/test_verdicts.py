import pytest

from octrad.pipeline.manager import refuse_assignments, refuse_review
from octrad.pipeline.plan import Manager, Worker
from octrad.pipeline.questions.answers import AssignAnswer, Assignment, Problem, ReviewAnswer

MANAGER = Manager("back", "b", ("s/**",), (Worker("one", "r", "back", ()), Worker("two", "r", "back", ())))


@pytest.mark.parametrize(
    ("workers", "faults"),
    [(["one", "two"], 0), (["one"], 1), (["one", "one", "two"], 1), (["one", "three"], 2)],
)
def test_every_worker_gets_exactly_one_assignment(workers: list[str], faults: int) -> None:
    answer = AssignAnswer(assignments=[Assignment(worker=worker, brief="b") for worker in workers])
    assert len(refuse_assignments(answer, MANAGER)) == faults


@pytest.mark.parametrize(
    ("approved", "workers", "faults"),
    [(True, [], 0), (False, ["one"], 0), (True, ["one"], 1), (False, [], 1), (False, ["three"], 1)],
)
def test_verdicts_that_contradict_themselves_are_refused(workers: list[str], faults: int, *, approved: bool) -> None:
    answer = ReviewAnswer(approved=approved, problems=[Problem(worker=worker, reason="r") for worker in workers])
    assert len(refuse_review(answer, MANAGER)) == faults
