"""Search finds what people mean, says why, and says the same each time."""

import random
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.knowledge.library import read_library
from octrad.knowledge.skill_terms import fold_ending, terms_of
from octrad.knowledge.skill_warehouse import SkillWarehouse
from octrad.knowledge.skills import Skill
from tests.skill_recall import recall_at

WAREHOUSE = read_library().warehouse
SKILLS = WAREHOUSE.catalog()
HERE = Path(__file__).parent


def skill(slug: str, *, area: str = "A", keywords: tuple[str, ...] = ("x",), weight: int = 3) -> Skill:
    return Skill(slug, slug, area, keywords, (), weight, "text")


def slugs(found: object) -> list[str]:
    return [one.skill.slug for one in found]  # type: ignore[attr-defined] # Found


@pytest.mark.parametrize(("table", "floor"), [("skill_queries.toml", 0.85), ("skill_queries_seen.toml", 0.95)])
def test_recall_of_the_first_three(table: str, floor: float) -> None:
    queries = tomllib.loads((HERE / table).read_text(encoding="utf-8"))["query"]
    assert len(queries) >= 60
    assert recall_at(3, queries, WAREHOUSE) >= floor


def test_order_of_the_files_decides_nothing() -> None:
    shuffled = list(SKILLS)
    random.Random(5).shuffle(shuffled)  # noqa: S311 - any order will do
    other = SkillWarehouse({one.slug: one for one in shuffled})
    for task in ("nginx websocket", "slow query", "tests for a command line tool"):
        assert other.search("backend", "python", task, 50) == WAREHOUSE.search("backend", "python", task, 50)


def test_ties_go_by_slug_and_weight_goes_before() -> None:
    made = [skill("b"), skill("a"), skill("c", weight=5), skill("d", weight=1)]
    warehouse = SkillWarehouse({one.slug: one for one in made})
    assert slugs(warehouse.search("", "", "x", 9)) == ["c", "a", "b", "d"]


@given(st.text(max_size=200))
def test_whatever_is_asked_scores_are_what_their_terms_add_up_to(task: str) -> None:
    found = WAREHOUSE.search("tester", "python", task, 50)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for one in found:
        assert one.score > 0
        assert sum(term.score for term in one.terms) == pytest.approx(one.score)
        assert {term.field for term in one.terms} <= {"name", "keywords", "tech", "area", "text"}


def test_explanation_names_term_and_field() -> None:
    [best] = WAREHOUSE.search("", "wireguard", "set the MTU", 1)
    assert best.skill.slug == "vpn-mtu"
    assert {("mtu", "name"), ("mtu", "keywords"), ("wireguard", "tech")} <= {(t.term, t.field) for t in best.terms}


def test_areas_narrow_in_any_case_and_leave_scores_alone() -> None:
    everything = {one.skill.slug: one.score for one in WAREHOUSE.search("", "", "timeout of a request", 50)}
    narrowed = WAREHOUSE.search("", "", "timeout of a request", 50, ["proxy", "BACKEND"])
    assert {one.skill.area for one in narrowed} == {"Proxy", "Backend"}
    assert all(everything[one.skill.slug] == one.score for one in narrowed)
    assert len(narrowed) < len(everything)


@pytest.mark.parametrize("task", ["", "the and of", "zzzz qqqq", "\x00\x1b", "日本語"])
def test_what_says_nothing_finds_nothing(task: str) -> None:
    assert WAREHOUSE.search("", "", task, 3) == ()


def test_catalog_is_by_area_and_can_be_narrowed() -> None:
    assert {one.area for one in WAREHOUSE.catalog(["nix"])} == {"Nix"}
    assert [one.area for one in SKILLS] == sorted((one.area for one in SKILLS), key=str.casefold)
    assert WAREHOUSE.area(" cli ") == "CLI"
    assert WAREHOUSE.area("cooking") is None


def test_select_keeps_the_order_and_names_what_is_missing() -> None:
    selected = WAREHOUSE.select(["vpn-mtu", "nowhere", "cli-arguments"])
    assert [one.slug for one in selected.skills] == ["vpn-mtu", "cli-arguments"]
    assert selected.missing == ("nowhere",)


def test_warehouse_may_be_empty() -> None:
    empty = SkillWarehouse({})
    assert (empty.areas, empty.catalog(), empty.search("a", "b", "c", 3)) == ((), (), ())


@pytest.mark.parametrize(
    "words",
    [
        ("retry", "retries", "retried"),
        ("query", "queries"),
        ("index", "indexes"),
        ("cache", "caching", "cached", "caches"),
        ("time", "timing", "timed"),
        ("stop", "stopping", "stopped"),
        ("request", "requests", "REQUESTED"),
        ("test", "tests", "testing"),
        ("process", "processes"),
    ],
)
def test_endings_are_folded(words: tuple[str, ...]) -> None:
    assert len({fold_ending(word.casefold()) for word in words}) == 1


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("C++ and C#, .NET", ["c++", "c#", "net"]),
        ("the N+1 problem", ["n+1", "problem"]),
        ("let's encrypt IPv6", ["encrypt", "ipv6"]),
        ("Grüße \uff37\uff25\uff22", ["grüsse", "web"]),
    ],
)
def test_terms_of_a_text(text: str, terms: list[str]) -> None:
    assert terms_of(text) == terms
