import pytest

from octrad.pipeline import step_names
from octrad.pipeline.finish import newest_main_commit
from octrad.tasks.list_steps import StepRecord


@pytest.mark.parametrize(
    ("name", "moves"),
    [
        ("prepare", True),
        ("prepare/2", True),
        ("environment", True),
        ("scaffold/1", True),
        ("scaffold/1/fix/apply", True),
        ("work/builder/1/apply", True),
        ("work/backend/1/apply", False),
        ("merge/backend/1", True),
        ("fix/2/apply", True),
        ("packages/1", True),
        ("check/1/1", False),
        ("snapshot/1", False),
        ("advise/1", False),
        ("advise/1/words", False),
        ("consult/c0ffee", False),
    ],
)
def test_only_some_steps_move_main(name: str, *, moves: bool) -> None:
    assert step_names.moves_main(name) is moves


def test_names_of_a_first_run_are_those_that_were_always_used() -> None:
    assert [step_names.rounds("plan")(number) for number in (1, 2, 3)] == ["plan", "plan/2", "plan/3"]
    assert step_names.applied(step_names.worked("builder", 1)) == "work/builder/1/apply"
    assert (step_names.checked(2, 1), step_names.fixed(1), step_names.validated(1)) == (
        "check/2/1",
        "fix/1",
        "validate/1",
    )


def record(name: str, commit: str, state: str = "finished") -> StepRecord:
    values = dict.fromkeys(StepRecord.__dataclass_fields__, "")
    return StepRecord(**(values | {"name": name, "commit": commit, "state": state}))  # type: ignore[arg-type] # the rest is not looked at


def test_partial_work_is_what_main_was_last_recorded_as() -> None:
    steps = (
        record("prepare", "a"),
        record("work/x/1/apply", "b"),
        record("merge/x/1", "c"),
        record("merge/y/1", "d", "failed"),
    )
    assert newest_main_commit(steps) == "c"
    assert newest_main_commit(()) == ""
