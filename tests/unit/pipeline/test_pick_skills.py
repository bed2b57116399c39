"""What managers may choose from, what is refused, and how what is chosen is worded."""

from dataclasses import replace

import pytest

from octrad.knowledge.library import read_library
from octrad.knowledge.skill_warehouse import SkillWarehouse
from octrad.knowledge.skills import Skill
from octrad.pipeline.pick_skills import (
    CANDIDATES,
    CATALOG_CHARACTERS,
    SKILLS_CHARACTERS,
    Fragment,
    describe_candidates,
    describe_catalog,
    describe_fragments,
    find_candidates,
    find_fitting,
    refuse_skills,
    settle_worker,
)
from octrad.pipeline.plan import Manager, Plan, Worker
from octrad.pipeline.questions.answers import AssignAnswer, Assignment
from tests.unit.tasks.test_explain import TASK

WAREHOUSE = read_library().warehouse
WORKERS = (Worker("api", "backend developer", "backend", ()), Worker("tests", "writes the tests", "backend", ()))
MANAGER = Manager("backend", "A JSON API over HTTP with pages of entries, and its tests", ("src/**",), WORKERS)
PLAN = Plan("Guest book", "guest-book", "python", ("postgresql",), "brief", (MANAGER,), ("true",))


def test_each_worker_has_candidates_of_its_own() -> None:
    candidates = find_candidates(WAREHOUSE, PLAN, MANAGER, ())
    assert list(candidates) == ["api", "tests"]
    assert all(len(skills) == CANDIDATES for skills in candidates.values())
    assert "backend-cursor-pagination" in [skill.slug for skill in candidates["api"]]
    assert "testing-http-api" in [skill.slug for skill in candidates["tests"]]
    assert candidates["tests"] != candidates["api"]


def test_candidates_are_of_the_tasks_areas() -> None:
    candidates = find_candidates(WAREHOUSE, PLAN, MANAGER, ("Testing",))
    assert {skill.area for skills in candidates.values() for skill in skills} == {"Testing"}


def test_candidates_are_listed_for_each_worker() -> None:
    listed = describe_candidates({"api": WAREHOUSE.select(["vpn-mtu"]).skills, "tests": ()})
    assert listed == "For api:\n- `vpn-mtu`: MTU inside a tunnel (VPN)\n\nFor tests: none"


@pytest.mark.parametrize(
    ("skills", "words"),
    [
        ([], []),
        (["vpn-mtu", "vpn-keys", "vpn-mtu"], []),
        (["vpn-mtu", "nowhere"], ["'nowhere', for 'api', is none of the `skills` that were listed"]),
        (["cli-arguments"], ["'cli-arguments', for 'api', is none of the `skills` that were listed"]),
        (["vpn-mtu", "vpn-keys", "vpn-mtu", "vpn-keys"], ["'api' has 4 `skills`; at most 3"]),
    ],
)
def test_only_what_was_listed_may_be_chosen_and_only_so_much(skills: list[str], words: list[str]) -> None:
    shown = {"api": WAREHOUSE.select(["vpn-mtu"]).skills, "tests": WAREHOUSE.select(["vpn-keys"]).skills}
    assert refuse_skills([Assignment(worker="api", brief="b", skills=skills)], shown) == words


def test_what_the_manager_chose_is_told_once_and_what_is_gone_is_named() -> None:
    assignment = Assignment(worker="api", brief="b", skills=["vpn-mtu", "gone", "vpn-mtu"])
    told, missing = settle_worker(WAREHOUSE, PLAN, WORKERS[0], assignment, TASK)
    assert (told.event().slugs, told.by, missing) == (("vpn-mtu",), "manager", ("gone",))
    assert told.fragments[0].text.startswith("WireGuard takes 60 bytes")


def test_search_stands_in_for_a_manager_who_chose_none_within_the_tasks_areas() -> None:
    assignment = Assignment(worker="tests", brief="Unit tests of the edge cases, and of every HTTP endpoint")
    told, _ = settle_worker(WAREHOUSE, PLAN, WORKERS[1], assignment, TASK)
    assert told.by == "search"
    assert "testing-http-api" in told.event().slugs
    narrowed, _ = settle_worker(WAREHOUSE, PLAN, WORKERS[1], assignment, replace(TASK, skill_areas=("VPN",)))
    assert narrowed.event().slugs == ()


def test_one_word_in_common_is_not_enough_where_nobody_chooses() -> None:
    chance = find_fitting(WAREHOUSE, role="", tech="plain", task="A shell script that counts slowly", areas=())
    assert chance == ()
    fitting = find_fitting(WAREHOUSE, role="", tech="python", task="a todo list kept in a JSON file", areas=())
    assert fitting[0].slug == "cli-safe-files"


def test_answer_of_before_there_were_skills_is_still_one() -> None:
    answer = AssignAnswer.model_validate_json('{"assignments": [{"worker": "api", "brief": "b"}]}')
    assert answer.assignments[0].skills == []


def test_fragments_are_worded_as_guidance_and_stay_within_their_bound() -> None:
    assert describe_fragments([]) == "Nothing special."
    two = [Fragment("a", "One", "1\n2\n3"), Fragment("b", "Two", "4\n5\n6")]
    assert describe_fragments(two) == "One:\n1\n2\n3\n\nTwo:\n4\n5\n6"
    longest = sorted((len(skill.name) + len(skill.text) for skill in WAREHOUSE.catalog()), reverse=True)
    assert sum(longest[:3]) < SKILLS_CHARACTERS


def test_catalog_is_a_line_an_area_and_bounded() -> None:
    lines = describe_catalog(WAREHOUSE.catalog(["VPN", "Nix"])).split("\n")
    assert [line.split(":")[0] for line in lines] == ["- Nix", "- VPN"]
    assert "; MTU inside a tunnel;" in lines[1]
    assert len(describe_catalog(WAREHOUSE.catalog())) < CATALOG_CHARACTERS
    many = SkillWarehouse({f"s{n}": Skill(f"s{n}", "n" * 70, "A", (), (), 3, "t") for n in range(200)})
    cut = describe_catalog(many.catalog())
    assert CATALOG_CHARACTERS - 100 < len(cut) <= CATALOG_CHARACTERS + 3
    assert cut.endswith("; …")
    assert describe_catalog(()) == "Nothing special."
