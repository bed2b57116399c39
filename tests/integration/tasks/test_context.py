"""The context in the database: what counts at a revision, who hears it, what ends it, and what reading it costs."""

import asyncio
import json
from typing import Any

import pytest

from octrad.foundation.ids import TaskId
from octrad.foundation.postgres.pool import Database
from octrad.tasks.append_events import StaleLeaseError
from octrad.tasks.context.add_entries import say
from octrad.tasks.context.entry import Author, ContextEntry, ContextScope, ContextType, GoneAs, Statement, own_places
from octrad.tasks.context.forget_entries import Forgetting, NothingToForgetError, forget_entries
from octrad.tasks.context.read_entries import _QUERIES as READING
from octrad.tasks.context.read_entries import READ_AT_MOST, ContextQuery, entries_at, list_entries
from octrad.tasks.context.said import Said
from octrad.tasks.journal import Journal
from octrad.tasks.journal_step import Step
from octrad.tasks.list_budgets import ProjectNotFoundError
from octrad.tasks.machine import TaskState
from octrad.tasks.ownership import release_task
from octrad.tasks.request_ids import RequestIdReusedError
from octrad.tasks.task import Lease, Role
from octrad.tasks.transition import Advice, change_state
from tests.fill_context import fill_context
from tests.integration.tasks.steps import cut_connections, submit_and_claim

PERSON = Author(Role.USER, uid=1000, user_name="anna")
EVERYBODYS = ("",)
NOW = 10**9


def fact(content: str, scope: ContextScope = ContextScope.GLOBAL) -> Statement:
    return Statement(scope, ContextType.FACT, content)


def rule(content: str) -> Statement:
    return Statement(ContextScope.GLOBAL, ContextType.RULE, content)


async def speak(
    database: Database, lease: Lease, author: Author, *statements: Statement, ends_team: bool = False, step: str = "s/1"
) -> None:
    """Records a step in which an agent says something."""

    async def work(made: Step) -> bool:
        made.said.append(Said(author, statements, ends_team))
        return True

    await Journal(database, lease).step(step, work, result=bool, role=author.role, agent=author.agent)


def agent(task_id: TaskId, name: str = "api", team: str = "backend", step: str = "s/1") -> Author:
    return Author(Role.WORKER, team, name, task_id, step)


async def heard(database: Database, project: str, places: tuple[str, ...] = EVERYBODYS, at: int = NOW) -> list[str]:
    return [entry.content for entry in await entries_at(database, project, places, at)]


async def entries(database: Database, project: str) -> dict[str, ContextEntry]:
    page = await list_entries(database, ContextQuery(project, include_gone=True, page_size=200))
    return {entry.content: entry for entry in page.entries}


async def revision(database: Database, project: str) -> int:
    async with database.connection() as connection:
        query = "SELECT context_revision FROM projects WHERE name = %s"
        row = await (await connection.execute(query, (project,))).fetchone()
    assert row
    return int(row[0])


async def test_what_an_agent_says_is_written_with_its_step_and_never_without(database: Database) -> None:
    lease = await submit_and_claim(database, "shop")
    await speak(database, lease, agent(lease.task_id, step="work/api/1"), fact("a\0b"), step="work/api/1")
    [entry] = (await list_entries(database, ContextQuery(task_id=lease.task_id))).entries
    assert (entry.content, entry.role, entry.agent, entry.team) == ("a\ufffdb", Role.WORKER, "api", "backend")
    assert (entry.task_id, entry.step, entry.project) == (lease.task_id, "work/api/1", "shop")
    await release_task(database, lease, "taken away")
    with pytest.raises(StaleLeaseError):
        await speak(database, lease, agent(lease.task_id), fact("too late"), step="work/api/2")
    assert await heard(database, "shop") == ["a\ufffdb"]


async def test_an_outage_in_the_middle_of_a_step_writes_it_once(database: Database) -> None:
    lease = await submit_and_claim(database, "shop")

    async def work(made: Step) -> bool:
        made.said.append(Said(agent(lease.task_id), (fact("once"),)))
        await cut_connections(database)
        return True

    await Journal(database, lease).step("s/1", work, result=bool, role=Role.WORKER)
    assert await heard(database, "shop") == ["once"]


async def test_a_step_that_is_made_again_after_a_crash_is_told_what_it_was_told_first(database: Database) -> None:
    lease = await submit_and_claim(database, "shop")
    await say(database, "shop", PERSON, fact("before"))
    told: list[int] = []

    async def crash(step: Step) -> bool:
        told.append(step.context_revision)
        raise asyncio.CancelledError

    async def fail(step: Step) -> bool:
        told.append(step.context_revision)
        raise ValueError("no answer")

    with pytest.raises(asyncio.CancelledError):
        await Journal(database, lease).step("work/api/1", crash, result=bool, role=Role.WORKER)
    await say(database, "shop", PERSON, fact("meanwhile"))
    await forget_entries(database, "shop", Forgetting(text="before"), uid=0)
    for _ in range(2):
        with pytest.raises(ValueError, match="no answer"):
            await Journal(database, lease).step("work/api/1", fail, result=bool, role=Role.WORKER)
    first, resumed, second_attempt = told
    assert first == resumed
    assert await heard(database, "shop", at=resumed) == ["before"]
    assert await heard(database, "shop", at=second_attempt) == ["meanwhile"]


async def test_changes_at_once_have_revisions_of_their_own(database: Database) -> None:
    await submit_and_claim(database, "shop")
    await asyncio.gather(*(say(database, "shop", PERSON, rule(f"rule {number}")) for number in range(20)))
    assert await revision(database, "shop") == 20
    for at in range(21):
        assert len(await heard(database, "shop", at=at)) == at


async def test_who_hears_what(database: Database) -> None:
    lease, other = await submit_and_claim(database, "shop"), await submit_and_claim(database, "shop")
    elsewhere = await submit_and_claim(database, "farm")
    for scope in ContextScope:
        await speak(database, lease, agent(lease.task_id), fact(f"{scope} thing", scope), step=f"s/{scope}")

    async def hears(reader: Author, project: str = "shop") -> set[str]:
        return set(await heard(database, project, (*EVERYBODYS, *own_places(reader))))

    assert await hears(agent(lease.task_id)) == {"global thing", "team thing", "individual thing"}
    assert await hears(agent(lease.task_id, "store")) == {"global thing", "team thing"}
    assert await hears(Author(Role.MANAGER, "backend", "backend", lease.task_id)) == {"global thing", "team thing"}
    assert await hears(agent(lease.task_id, "api", "frontend")) == {"global thing"}
    assert await hears(Author(Role.BOSS, task_id=lease.task_id)) == {"global thing"}
    assert await hears(agent(other.task_id)) == {"global thing"}
    assert await hears(agent(elsewhere.task_id), "farm") == set()


async def test_a_team_that_is_done_has_nothing_said_to_it_any_more(database: Database) -> None:
    lease = await submit_and_claim(database, "shop")
    backend, frontend = agent(lease.task_id), agent(lease.task_id, "pages", "frontend")
    await speak(database, lease, backend, *(fact(f"backend {scope}", scope) for scope in ContextScope), step="a")
    await speak(database, lease, frontend, fact("frontend team", ContextScope.TEAM), step="b")
    manager = Author(Role.MANAGER, "backend", "backend", lease.task_id, "review/backend/1")
    await speak(database, lease, manager, ends_team=True, step="review/backend/1")
    assert set(await heard(database, "shop", (*EVERYBODYS, *own_places(backend)))) == {"backend global"}
    assert await heard(database, "shop", own_places(frontend)) == ["frontend team"]
    assert (await entries(database, "shop"))["backend team"].gone_as is GoneAs.ENDED


@pytest.mark.parametrize("end", [TaskState.FAILED, TaskState.CANCELLED, TaskState.DONE])
async def test_the_end_of_a_run_ends_all_but_what_was_said_to_everybody(database: Database, end: TaskState) -> None:
    lease = await submit_and_claim(database, "shop")
    speaker = agent(lease.task_id)
    await speak(database, lease, speaker, *(fact(f"{scope}", scope) for scope in ContextScope))
    await change_state(database, lease, TaskState.REVIEW)
    assert len(await heard(database, "shop", (*EVERYBODYS, *own_places(speaker)))) == 3
    await change_state(database, lease, end, advice=Advice("a note"))
    assert await heard(database, "shop", (*EVERYBODYS, *own_places(speaker))) == ["global"]


async def test_each_place_is_cleaned_up_by_itself(database: Database) -> None:
    lease = await submit_and_claim(database, "shop")
    speaker = agent(lease.task_id)
    await say(database, "shop", PERSON, rule("stays"))
    for number in range(21):
        said = [fact(f"{number:02} {'x' * 600}", scope) for scope in (ContextScope.GLOBAL, ContextScope.TEAM)]
        await speak(database, lease, speaker, *said[: 1 + (number < 20)], step=f"s/{number}")
    assert [content[:5] for content in await heard(database, "shop")][:2] == ["stays", "05 xx"]
    assert len(await heard(database, "shop")) == 17
    assert len(await heard(database, "shop", own_places(speaker))) == 20


async def test_forgetting_again_under_the_same_id_says_the_same(database: Database) -> None:
    await submit_and_claim(database, "shop")
    for content in ("Never use jQuery", "jquery is slow", "prices are cents"):
        await say(database, "shop", PERSON, fact(content))
    wanted = Forgetting(text="JQUERY")
    forgotten = await forget_entries(database, "shop", wanted, uid=7, request_id="r1")
    assert [entry.content for entry in forgotten] == ["jquery is slow", "Never use jQuery"]
    assert {entry.gone_as for entry in forgotten} == {GoneAs.FORGOTTEN}
    assert await forget_entries(database, "shop", wanted, uid=7, request_id="r1") == forgotten
    with pytest.raises(NothingToForgetError):
        await forget_entries(database, "shop", wanted, uid=7, request_id="r2")
    with pytest.raises(RequestIdReusedError):
        await forget_entries(database, "shop", Forgetting(text="cents"), uid=7, request_id="r1")
    assert await heard(database, "shop") == ["prices are cents"]


async def test_nothing_is_forgotten_of_another_project(database: Database) -> None:
    await submit_and_claim(database, "shop")
    await submit_and_claim(database, "farm")
    entry = await say(database, "shop", PERSON, fact("prices are cents"))
    for wanted in (Forgetting(id=entry.id), Forgetting(text="cents")):
        with pytest.raises(NothingToForgetError):
            await forget_entries(database, "farm", wanted, uid=0)
    with pytest.raises(ProjectNotFoundError):
        await forget_entries(database, "moon", Forgetting(text="cents"), uid=0)
    assert [gone.id for gone in await forget_entries(database, "shop", Forgetting(id=entry.id), uid=0)] == [entry.id]


async def test_saying_again_adds_nothing(database: Database) -> None:
    lease = await submit_and_claim(database, "shop")
    first = await say(database, "shop", PERSON, rule("never use jQuery"), request_id="r1")
    assert await say(database, "shop", PERSON, rule("never use jQuery"), request_id="r1") == first
    assert await say(database, "shop", PERSON, rule("never use jQuery"), request_id="r2") == first
    with pytest.raises(RequestIdReusedError):
        await say(database, "shop", PERSON, rule("something else"), request_id="r1")
    # An agent that repeats a person's rule does not take its place.
    await speak(database, lease, agent(lease.task_id), rule("never use jQuery"))
    assert [entry.standing for entry in await entries_at(database, "shop", EVERYBODYS, NOW)] == [2, 1]


@pytest.mark.parametrize("at", [100_010, 99_990])
async def test_reading_touches_a_bounded_part_of_a_hundred_thousand_entries(database: Database, at: int) -> None:
    await submit_and_claim(database, "shop")
    async with database.connection() as connection:
        await fill_context(connection, "shop")
        values = {"project": "shop", "places": list(EVERYBODYS), "revision": at, "limit": READ_AT_MOST}
        explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {READING['at_revision']}"
        row = await (await connection.execute(explain, values)).fetchone()
    assert row
    plan = row[0][0]["Plan"]
    assert not [node for node in _nodes(plan) if node["Node Type"] == "Seq Scan"], json.dumps(plan)[:4000]
    read = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    assert read < 200, f"{read} of {plan}"
    assert len(await heard(database, "shop", at=at)) <= 3 * READ_AT_MOST


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for part in plan.get("Plans", ()) for node in _nodes(part))]


async def test_pages_of_a_list(database: Database) -> None:
    lease = await submit_and_claim(database, "shop")
    for number in range(7):
        await say(database, "shop", PERSON, fact(f"thing {number}"))
    await speak(database, lease, agent(lease.task_id), fact("of the task", ContextScope.TEAM))
    first = await list_entries(database, ContextQuery("shop", page_size=5))
    rest = await list_entries(database, ContextQuery("shop", page_size=5, page_token=first.next_page_token))
    assert [entry.content for entry in (*first.entries, *rest.entries)][:2] == ["of the task", "thing 6"]
    assert (len(first.entries), len(rest.entries), rest.next_page_token) == (5, 3, "")
    teams = await list_entries(database, ContextQuery("shop", scope=ContextScope.TEAM))
    assert [entry.content for entry in teams.entries] == ["of the task"]
