"""Who hears what: a reader stands in its own places and in no other."""

from itertools import product

from octrad.foundation.ids import TaskId
from octrad.tasks.context.entry import Author, ContextScope, own_places, place_of
from octrad.tasks.task import Role

AGENTS = [
    Author(role, team, agent, TaskId(task))
    for task in ("aaaa", "bbbb")
    for role, team, agent in (
        (Role.BOSS, "", ""),
        (Role.MANAGER, "backend", "backend"),
        (Role.WORKER, "backend", "api"),
        (Role.WORKER, "backend", "store"),
        (Role.WORKER, "frontend", "pages"),
        (Role.WORKER, "", "fixer"),
        (Role.WORKER, "frontend", "fixer"),
    )
]


def hears(reader: Author, scope: ContextScope, author: Author) -> bool:
    return place_of(scope, author) in ("", *own_places(reader))


def test_everybody_hears_what_is_said_to_all() -> None:
    assert all(hears(reader, ContextScope.GLOBAL, author) for reader, author in product(AGENTS, AGENTS))


def test_a_team_is_one_managers_in_one_task() -> None:
    for reader, author in product(AGENTS, AGENTS):
        same_team = bool(author.team) and (reader.task_id, reader.team) == (author.task_id, author.team)
        assert hears(reader, ContextScope.TEAM, author) == (same_team or reader == author)


def test_an_agent_hears_itself_and_nobody_else() -> None:
    for reader, author in product(AGENTS, AGENTS):
        assert hears(reader, ContextScope.INDIVIDUAL, author) == (reader == author)


def test_who_has_no_team_speaks_to_itself() -> None:
    boss = AGENTS[0]
    assert place_of(ContextScope.TEAM, boss) == place_of(ContextScope.INDIVIDUAL, boss)
    assert len(own_places(boss)) == 1
