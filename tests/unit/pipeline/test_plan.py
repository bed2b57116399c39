import pytest

from octrad.knowledge.library import read_library
from octrad.knowledge.stacks import PlacedStack
from octrad.pipeline.plan import BUILDER, accept_plan, refuse_plan
from octrad.pipeline.questions.answers import PlanAnswer, PlannedManager, PlannedWorker, SmallPlanAnswer

STACKS = ("plain", "python")


def small(**fields: object) -> SmallPlanAnswer:
    values = {
        "title": "A todo list",
        "name": "todo",
        "stack": "python",
        "packages": [],
        "brief": "b",
        "checks": ["true"],
    }
    return SmallPlanAnswer.model_validate(values | fields)


def manager(name: str, owns: list[str], workers: tuple[str, ...]) -> PlannedManager:
    return PlannedManager(
        name=name, brief="b", owns=owns, workers=[PlannedWorker(name=worker, role="r") for worker in workers]
    )


def large(*managers: PlannedManager) -> PlanAnswer:
    return PlanAnswer(
        title="t", name="n", stack="plain", packages=[], brief="b", managers=list(managers), checks=["true"]
    )


def test_small_plan_is_built_by_one_worker_on_main() -> None:
    plan = accept_plan(small(), ["true", "make test"])
    assert [(worker.name, worker.manager, worker.owns) for worker in plan.workers] == [(BUILDER, "", ())]
    assert plan.checks == ("true", "make test")


def test_workers_are_in_the_order_of_the_plan_and_own_what_their_manager_owns() -> None:
    plan = accept_plan(large(manager("front", ["a/**"], ("z", "b")), manager("back", ["b/**"], ("c",))), [])
    assert [(worker.name, worker.owns) for worker in plan.workers] == [
        ("z", ("a/**",)),
        ("b", ("a/**",)),
        ("c", ("b/**",)),
    ]


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"name": "../x"}, "project"),
        ({"stack": "cobol"}, "plain, python"),
        ({"packages": ["hello; rm -rf /"]}, "nixpkgs"),
        ({"packages": ["${x}"]}, "nixpkgs"),
        ({"checks": ["   "]}, "blank"),
    ],
)
def test_faulty_plan_is_refused_with_the_reason(fields: dict[str, object], word: str) -> None:
    [reason] = refuse_plan(small(**fields), STACKS, "")
    assert word in reason


def test_stack_that_the_user_asked_for_is_kept() -> None:
    assert refuse_plan(small(), STACKS, "plain") == ["the user asked for the stack 'plain', not 'python'"]
    assert refuse_plan(small(), STACKS, "python") == []


def more(*placed: tuple[str, str]) -> list[dict[str, str]]:
    return [{"stack": stack, "directory": directory} for stack, directory in placed]


def test_plan_of_several_stacks_has_the_main_one_at_the_root() -> None:
    answer = small(more_stacks=more(("plain", "web"), ("python", "tools/x")))
    assert refuse_plan(answer, STACKS, "") == []
    plan = accept_plan(answer, [])
    assert plan.stacks == (PlacedStack("python"), PlacedStack("plain", "web"), PlacedStack("python", "tools/x"))
    assert plan.stack_names == "python,plain"
    assert plan.combined_stack(read_library().stacks).attributes == ("python3", "bash")


def test_plan_of_before_there_could_be_several_is_still_one() -> None:
    assert accept_plan(small(), []).stacks == (PlacedStack("python"),)


def test_stacks_that_the_user_asked_for_are_kept() -> None:
    both = small(more_stacks=more(("plain", "web")))
    assert refuse_plan(both, STACKS, "python,plain") == []
    assert refuse_plan(both, STACKS, "plain,python") == [
        "the user asked for the stacks 'plain', 'python', not 'python', 'plain'"
    ]
    assert refuse_plan(both, STACKS, "python") == ["the user asked for the stack 'python', not 'python', 'plain'"]
    assert refuse_plan(small(), STACKS, "python,plain")


@pytest.mark.parametrize(
    ("placed", "word"),
    [
        ([("cobol", "web")], "no stack 'cobol'"),
        ([("plain", "")], "not a directory"),
        ([("plain", "../web")], "not a directory"),
        ([("plain", "web; rm -rf ~")], "not a directory"),
        ([("plain", "$(id)")], "not a directory"),
        ([("plain", ".git")], "not a directory"),
        ([("plain", "a/b/c/d")], "not a directory"),
        ([("plain", "web"), ("python", "web")], "one of its own"),
        ([("plain", f"d{number}") for number in range(4)], "too many"),
    ],
)
def test_faulty_further_stacks_are_refused_with_the_reason(placed: list[tuple[str, str]], word: str) -> None:
    [reason] = refuse_plan(small(more_stacks=more(*placed)), STACKS, "")
    assert word in reason


def test_dotted_packages_are_taken() -> None:
    assert refuse_plan(small(packages=["python3Packages.requests", "gtk4"]), STACKS, "") == []


@pytest.mark.parametrize(
    ("managers", "word"),
    [
        ([manager("a", ["x/**"], ("w",)), manager("b", ["x/y"], ("v",))], "one owner"),
        ([manager("a", ["x/**"], ("w",)), manager("b", ["y/**"], ("w",))], "different"),
        ([manager("a", ["x/**"], ("a",))], "different"),
        ([manager("main", ["x/**"], ("w",))], "taken"),
        ([manager("a", ["../**"], ("w",))], "`..`"),
        ([manager(f"m{n}", [f"{n}/**"], tuple(f"w{n}-{k}" for k in range(4))) for n in range(4)], "too many"),
    ],
)
def test_faulty_division_is_refused_with_the_reason(managers: list[PlannedManager], word: str) -> None:
    assert any(word in reason for reason in refuse_plan(large(*managers), STACKS, ""))


def test_sound_division_is_taken() -> None:
    assert (
        refuse_plan(large(manager("a", ["x/**", "a.json"], ("w",)), manager("b", ["y/**"], ("v",))), STACKS, "") == []
    )
