"""Fragments are refused by name for what is wrong with them; those that ship are what they must be."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from octrad.foundation.errors import ConfigurationError
from octrad.knowledge.library import read_library
from octrad.knowledge.skills import LINE_CHARACTERS, parse_skill
from octrad.rehearsal.load_scenarios import SCENARIOS_DIR, load_scenarios

LIBRARY = read_library()
SKILLS = LIBRARY.skill_shelf.entries
AREAS = (
    "Backend",
    "CLI",
    "Data",
    "DevOps",
    "Frontend",
    "Nix",
    "Performance",
    "Presentation",
    "Proxy",
    "Research",
    "Security",
    "Testing",
    "VPN",
)
QUERIES = Path(__file__).parent
GOOD = """+++
name = "Ovens"
slug = "ovens"
area = "Cooking"
keywords = ["heat", "bread"]
tech = ["oven"]
weight = 4
+++
Heat it first.

Look inside.
Wait.
"""


def expected_slugs() -> set[str]:
    tables = [tomllib.loads((QUERIES / name).read_text(encoding="utf-8")) for name in TABLES]
    return {slug for table in tables for query in table["query"] for slug in query["expect"]}


TABLES = ("skill_queries.toml", "skill_queries_seen.toml")


def test_fragment_is_its_frontmatter_and_its_lines() -> None:
    skill = parse_skill("ovens.md", GOOD)
    assert (skill.slug, skill.name, skill.area, skill.weight) == ("ovens", "Ovens", "Cooking", 4)
    assert (skill.keywords, skill.tech) == (("heat", "bread"), ("oven",))
    assert skill.text == "Heat it first.\nLook inside.\nWait."


def test_technique_and_weight_may_be_left_out() -> None:
    skill = parse_skill("ovens.md", GOOD.replace('tech = ["oven"]\n', "").replace("weight = 4\n", ""))
    assert (skill.tech, skill.weight) == ((), 3)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("+++\nname", "---\nname", "frontmatter"),
        ("weight = 4\n+++", "weight = 4\n", "frontmatter"),
        ("weight = 4", "weight = ", "not TOML"),
        ("weight = 4", "weight = 6", "weight"),
        ("weight = 4", "heft = 4", "heft"),
        ('"heat", "bread"', "", "keywords"),
        ('"Cooking"', '"Cooking\\u001b"', "area"),
        ('slug = "ovens"', 'slug = "Ovens"', "slug"),
        ('slug = "ovens"', 'slug = "stoves"', "calls itself 'stoves'"),
        ("Wait.\n", "", "has 2 lines"),
        ("Wait.\n", "Wait.\n" * 5, "has 7 lines"),
        ("Wait.", "W" * (LINE_CHARACTERS + 1), f"line 3 .* longer than {LINE_CHARACTERS}"),
        ("Wait.", "Wait\x1b[2J", "line 3 .* control character"),
    ],
)
def test_faulty_fragment_is_refused_with_file_and_reason(before: str, after: str, words: str) -> None:
    assert before in GOOD
    with pytest.raises(ConfigurationError, match=words) as caught:
        parse_skill("ovens.md", GOOD.replace(before, after, 1))
    assert "ovens.md" in caught.value.message


def test_every_area_has_fragments() -> None:
    counts = Counter(skill.area for skill in SKILLS.values())
    assert tuple(sorted(counts)) == AREAS
    assert min(counts.values()) >= 4
    assert counts.total() >= 60


def test_no_two_fragments_say_or_are_called_the_same() -> None:
    lines = Counter(line for skill in SKILLS.values() for line in skill.text.split("\n"))
    names = Counter(skill.name.casefold() for skill in SKILLS.values())
    assert [one for one, times in (lines + names).items() if times > 1] == []


def test_slugs_that_others_name_are_there() -> None:
    assert expected_slugs() <= SKILLS.keys()
    answers = [reply.answer for scenario in load_scenarios(SCENARIOS_DIR).values() for reply in scenario.reply]
    assert set(_slugs([answer for answer in answers if answer])) <= SKILLS.keys()


def _slugs(answers: list[dict[str, Any]]) -> list[str]:
    assignments = [one for answer in answers for one in answer.get("assignments", ())]
    return [slug for one in assignments for slug in one.get("skills", ())]


@pytest.mark.parametrize("slug", sorted(SKILLS))
def test_every_fragment_is_found_by_what_it_is_about(slug: str) -> None:
    skill = SKILLS[slug]
    found = LIBRARY.warehouse.search("", " ".join(skill.tech), skill.name, 3)
    assert slug in [one.skill.slug for one in found]


def test_every_fragment_is_asked_for_in_a_table() -> None:
    assert set(SKILLS) == expected_slugs()
