"""The same asked for again, from the command line: by text, by words, and by the vectors of an embedding model."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.daemon import House, Rehearsal, Said, config_for, house

DUPLICATE = 3
QUICK = ("--model", "rehearsal/quick")
REFUSING = "[duplicates]\nrefuse = false\n"
TODO = "Build a command line todo list in Rust"
NEAR = "A command line todo list in Rust, please"
# The same words in another order: far by words and their neighbours, the same for a model that counts words.
TURNED = "Rust line Build list command in todo a"
EMBEDDING = 'embedding = "rehearsal/counting"\n'
PRICED = '[models.prices_usd_per_million]\n"rehearsal/counting" = [20.0, 0.0]\n'


def config_of(rehearsal: Rehearsal, models: str = "", extra: str = "") -> str:
    """One that refuses duplicates, as by default."""
    whole = config_for(rehearsal, "quick", extra)
    assert REFUSING in whole
    return whole.replace(REFUSING, "").replace('local_servers = "off"\n', f'local_servers = "off"\n{models}')


@pytest.fixture(scope="module")
def refusing(rehearsal: Rehearsal) -> Iterator[House]:
    with house(config_of(rehearsal)) as started:
        yield started


@pytest.fixture(scope="module")
def embedding(rehearsal: Rehearsal) -> Iterator[House]:
    """With a model that embeds and costs something. It gets the time that the gateway needs to start here."""
    with house(config_of(rehearsal, EMBEDDING, f"{PRICED}[duplicates]\nwait_s = 60\n")) as started:
        yield started


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """A port where somebody listens, takes what comes and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = []

        def take() -> None:
            with contextlib.suppress(OSError):
                while True:
                    taken.append(server.accept()[0])

        taking = threading.Thread(target=take, daemon=True)
        taking.start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
        taking.join(10)
        for connection in taken:
            connection.close()


def submit(daemon: House, request: str, *arguments: str) -> Said:
    return daemon.octractl("submit", request, "--detach", "--json", *arguments)


def duplicate_of(said: Said) -> dict[str, Any]:
    assert said.exit_code == DUPLICATE, said
    found: dict[str, Any] = said.json["duplicate_of"]
    return found


def test_an_equal_request_is_refused_with_what_to_do_with_the_earlier_task(refusing: House) -> None:
    task = refusing.wait(refusing.submit("An equal request"))
    assert task["state"] == "TASK_STATE_DONE"
    said = refusing.octractl("submit", "  an EQUAL request. ")
    assert (said.exit_code, said.stdout) == (DUPLICATE, "")
    assert f"task {task['id']} “{task['title']}” has the same request; it is done" in said.stderr
    assert f"its snapshot is {task['snapshot_id']}" in said.stderr
    assert f"hint: octractl restore {task['id']} DIRECTORY; or submit it all the same, with --anyway" in said.stderr
    assert duplicate_of(submit(refusing, "an equal request")) == {
        "task_id": task["id"],
        "state": "done",
        "snapshot_id": task["snapshot_id"],
        "compared_by": "text",
        "similarity": 1.0,
    }
    again = submit(refusing, "An equal request", "--anyway")
    assert again.exit_code == 0
    assert again.json["id"] != task["id"]


def test_a_near_request_is_refused_by_its_words(refusing: House) -> None:
    task = refusing.submit(TODO)
    said = submit(refusing, NEAR)
    found = duplicate_of(said)
    assert (found["task_id"], found["compared_by"]) == (task, "octra/hashing-384")
    assert 0.85 <= found["similarity"] < 1
    assert f"has nearly the same request ({100 * found['similarity']:.0f} % by its words)" in said.stderr
    assert submit(refusing, TURNED).exit_code == 0
    # It is listed by likeness as before.
    assert refusing.must("list", "--like", NEAR, "--json").json["tasks"][0]["id"] == task


def test_another_ground_makes_another_request(refusing: House) -> None:
    refusing.submit("Another ground", *QUICK)
    for more in (("--stack", "rust"), ("--model", "rehearsal/slow", "--stack", "go")):
        assert submit(refusing, "Another ground", *more).exit_code == 0
    duplicate_of(submit(refusing, "Another ground", *QUICK))


def test_the_same_request_id_is_no_duplicate(refusing: House) -> None:
    first = submit(refusing, "With an id", "--request-id", "one")
    assert first.exit_code == 0
    for more in ((), ("--anyway",)):
        assert submit(refusing, "With an id", "--request-id", "one", *more).json["id"] == first.json["id"]
    duplicate_of(submit(refusing, "With an id", "--request-id", "two"))


def test_what_was_cancelled_is_asked_for_again(refusing: House) -> None:
    task = refusing.submit("Soon cancelled", "--model", "rehearsal/slow")
    said = refusing.octractl("submit", "soon cancelled", "--model", "rehearsal/slow")
    assert f"hint: octractl watch {task};" in said.stderr
    refusing.must("cancel", task)
    refusing.must("cancel", refusing.submit("Soon cancelled", "--model", "rehearsal/slow"))


@pytest.mark.timeout(200)
def test_a_request_is_compared_by_what_the_embedding_model_says(embedding: House, rehearsal: Rehearsal) -> None:
    before = len(rehearsal.requests("compare"))
    task = embedding.wait(embedding.submit(TODO))["id"]
    asked = rehearsal.requests("compare")[before:]
    assert [(row["model"], row["question"], row["status"]) for row in asked] == [("counting", "embedding", 200)]
    found = duplicate_of(submit(embedding, TURNED))
    assert (found["task_id"], found["compared_by"]) == (task, "rehearsal/counting")
    # What words tell costs nothing.
    assert duplicate_of(submit(embedding, NEAR))["compared_by"] == "octra/hashing-384"
    assert len(rehearsal.requests("compare")) == before + 2
    calls = [call for call in embedding.show(task)["model_calls"] if call["step"] == "compare"]
    # Its own, and that of the request that was refused for it.
    assert [call["model"] for call in calls] == ["rehearsal/counting"] * 2
    assert all(call["cost_usd"] > 0 and call["content_hash"] and call["prices_hash"] for call in calls)
    total = sum(call.get("cost_usd", 0) for call in embedding.show(task)["model_calls"])
    assert embedding.show(task)["task"]["cost_usd"] == pytest.approx(total)
    # Vectors of words are kept as well, so lists go by them.
    assert embedding.must("list", "--like", NEAR, "--json").json["tasks"][0]["id"] == task


@pytest.mark.timeout(200)
def test_without_a_vector_words_have_to_do_and_it_is_said(rehearsal: Rehearsal) -> None:
    with silent_server() as port:
        silent = f'[providers.silent]\nkind = "openai-compatible"\nbase_url = "http://127.0.0.1:{port}/v1"\n'
        # A rehearsal's requests go to no other provider, so this one asks a model; it never needs to be answered.
        config = config_of(rehearsal, 'embedding = "silent/embedding"\n', f"{silent}[duplicates]\nwait_s = 2\n")
        with house(config) as daemon:
            assert daemon.must("submit", "A rehearsal", "--detach").exit_code == 0
            task = submit(daemon, "Nobody answers", "--model", "silent/model").json["id"]
            remarks = [event["remarked"] for event in daemon.events(task) if "remarked" in event]
            assert any("by its words alone: silent/embedding gave no vector" in remark["text"] for remark in remarks), (
                remarks
            )
            duplicate_of(submit(daemon, "nobody answers", "--model", "silent/model"))
            daemon.must("cancel", task)


@pytest.mark.timeout(200)
def test_a_budget_that_is_used_up_forbids_to_ask_the_embedding_model(rehearsal: Rehearsal) -> None:
    with house(
        config_of(rehearsal, EMBEDDING, f"{PRICED}[duplicates]\nwait_s = 60\n[budgets]\nday_usd = 1e-9\n")
    ) as daemon:
        first = daemon.submit("This uses up the budget")
        before = len(rehearsal.requests("compare"))
        task = daemon.submit("For this one there is nothing left")
        [remark] = [event["remarked"]["text"] for event in daemon.events(task) if "remarked" in event][:1]
        assert "the budget of all tasks for" in remark
        assert len(rehearsal.requests("compare")) == before
        for paused in (first, task):
            daemon.must("cancel", paused)


@pytest.mark.parametrize(
    ("words", "exit_code", "told"),
    [(("submit", "x", "--anyway=yes"), 2, "--anyway"), (("submit", "", "--anyway"), 65, "request")],
)
def test_what_makes_no_sense_is_refused_by_name(
    refusing: House, words: tuple[str, ...], exit_code: int, told: str
) -> None:
    said = refusing.octractl(*words)
    assert (said.exit_code, said.stdout) == (exit_code, ""), said
    assert told in said.stderr
