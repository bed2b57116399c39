"""What agents and people say is heard by those whom it is for, over kills and a lost Redis, and in later tasks."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.acceptance.listening_provider import ListeningProvider, listening_provider
from tests.daemon import House, Rehearsal, config_for, house
from tests.integration.foundation.conftest import RedisServer

REQUEST = "Word lists in English and German, and a page about them"
RULE, NOUNS = "All files are UTF-8.", "German nouns are capital."
BOSS = "The boss watches the pages."
LISTS, AMERICAN, BRITISH = "One word a line.", "English is American.", "English is British from now on."
ENGLISH, GERMAN, PAGES = "English talks to itself.", "German talks to itself.", "The page has no style."
ALL = {RULE, NOUNS, BOSS, LISTS, AMERICAN, BRITISH, ENGLISH, GERMAN, PAGES}
HEARD = {
    "plan": set(),
    "assign/lists": {RULE},
    "work/english/1": {RULE, LISTS},
    "work/german/1": {RULE, LISTS},
    "work/writer/1": {RULE},
    "review/lists/1": {RULE, NOUNS, LISTS, AMERICAN},
    "review/pages/1": {RULE, NOUNS, PAGES},
    "work/english/2": {RULE, NOUNS, LISTS, AMERICAN, BRITISH, ENGLISH},
    "review/lists/2": {RULE, NOUNS, LISTS, AMERICAN, BRITISH},
    "validate/1": {RULE, NOUNS, BOSS},
}


@pytest.fixture(scope="module")
def provider(rehearsal: Rehearsal) -> Iterator[ListeningProvider]:
    with listening_provider(rehearsal) as listening:
        yield listening


def config(provider: ListeningProvider, extra: str = "") -> str:
    return config_for(Rehearsal(base_url=provider.base_url), "remembers", extra)


@pytest.fixture(scope="module")
def remembering(provider: ListeningProvider) -> Iterator[House]:
    with house(config(provider)) as started:
        yield started


def heard(provider: ListeningProvider, task: str, step: str) -> set[str]:
    prompt = provider.prompt(task, step)
    return {content for content in ALL if content in prompt}


def assert_heard(provider: ListeningProvider, task: str) -> None:
    assert {step: heard(provider, task, step) for step in HEARD} == HEARD


def contents(daemon: House, *arguments: str) -> list[str]:
    return [entry["content"] for entry in daemon.must("context", "list", "--json", *arguments).json["entries"]]


@pytest.mark.timeout(300)
def test_context_goes_to_those_whom_it_is_for_and_to_later_tasks_what_is_for_all(
    remembering: House, provider: ListeningProvider
) -> None:
    first = remembering.submit(REQUEST, "--project", "words")
    assert remembering.wait(first)["state"] == "TASK_STATE_DONE", remembering.show(first)["task"]["note"]
    assert_heard(provider, first)
    assert set(contents(remembering, "words")) == {RULE, NOUNS}
    assert set(contents(remembering, "words", "--all")) == ALL
    assert set(contents(remembering, "--task", first[:6], "--all", "--scope", "team")) == {
        LISTS,
        AMERICAN,
        BRITISH,
        PAGES,
    }

    remembering.must("context", "add", "words", "Never shout.", "--rule")
    assert "forgot 1 entry" in remembering.must("context", "forget", "words", "utf-8").stderr
    second = remembering.submit(REQUEST, "--project", "words")
    with remembering.follow(second) as following:
        following.until_step("step_finished", "plan")
    remembering.must("cancel", second)
    assert heard(provider, second, "plan") == {NOUNS}
    assert "- rule (a person): Never shout.\n- fact (worker german): German nouns" in provider.prompt(second, "plan")

    other = remembering.submit(REQUEST, "--project", "others")
    with remembering.follow(other) as following:
        following.until_step("step_finished", "plan")
    remembering.must("cancel", other)
    assert heard(provider, other, "plan") == set()
    assert "Never shout." not in provider.prompt(other, "plan")


@pytest.mark.timeout(300)
def test_a_kill_and_a_redis_that_stops_in_the_middle_lose_nothing(
    provider: ListeningProvider, tmp_path: Path, rehearsal: Rehearsal
) -> None:
    server = RedisServer(tmp_path)
    server.start()
    with house(config(provider, f'[cache]\nredis_url = "{server.url}"\n')) as daemon:
        try:
            task = daemon.submit(REQUEST, "--project", "words")
            with daemon.follow(task) as following:
                following.until_step("step_finished", "assign/lists")
                assert_copies_end(server)
                following.until_step("step_finished", "work/german/1")
                server.stop()
                following.until_step("step_finished", "review/lists/1")
                daemon.kill()
                daemon.start()
        finally:
            server.stop()
        assert daemon.wait(task)["state"] == "TASK_STATE_DONE", daemon.show(task)["task"]["note"]
        assert_heard(provider, task)
        steps = [row["step"] for row in rehearsal.requests(task)]
        assert sorted(steps) == sorted(set(steps))
        assert set(contents(daemon, "words")) == {RULE, NOUNS}


def assert_copies_end(server: RedisServer) -> None:
    """What the cache has of the context is gone within five minutes."""
    with redis.Redis(unix_socket_path=str(server.socket)) as client:
        keys = list(client.scan_iter("octra:context/*"))
        assert keys
        assert all(0 < client.pttl(key) <= 300_000 for key in keys)


def test_commands_say_what_they_did_and_what_is_wrong(remembering: House) -> None:
    task = remembering.submit("x", "--project", "spoken", "--model", "rehearsal/there-is-none")
    assert "nothing was said yet" in remembering.must("context", "list", "spoken").stderr
    said = remembering.must("context", "add", "spoken", "Prices are \u202ecents", "--important", "--json")
    added = said.json["entry"]
    assert (added["type"], added["important"], added["scope"]) == (
        "CONTEXT_TYPE_FACT",
        True,
        "CONTEXT_SCOPE_GLOBAL",
    )
    [header, row] = remembering.must("context", "list", "spoken").stdout.splitlines()
    assert header.split()[0] == "ID"
    assert "fact (important)" in row
    assert row.endswith("Prices are \\u202ecents")
    assert remembering.must("context", "list", "--task", task).stdout == ""
    assert remembering.octractl("context", "list").exit_code == 2
    assert remembering.octractl("context", "forget", "spoken").exit_code == 2
    missing = remembering.octractl("context", "forget", "spoken", "jQuery")
    assert "error: nothing in the context of project `spoken` is that" in missing.stderr
    assert "hint: `octractl" in missing.stderr
    unknown = remembering.octractl("context", "add", "no-such", "x")
    assert "there is no project `no-such`" in unknown.stderr
    forgotten = remembering.must("context", "forget", "spoken", "--id", added["id"])
    assert "fact (important, forgotten): Prices" in forgotten.stdout
    assert json.loads(remembering.must("context", "list", "spoken", "--json").stdout)["entries"] == []
    methods = {event["method"] for event in remembering.must("audit-log", "--json").json["events"]}
    assert {"octra.v1.ContextService/AddContext", "octra.v1.ContextService/ForgetContext"} <= methods
