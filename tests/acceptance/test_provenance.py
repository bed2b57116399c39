"""What the agents were told has one hash: on every call, for a task, and for now."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon import House, Rehearsal, config_for, house, wait_until

GUIDE = """
name = "ours"
title = "A tool of ours"
ecosystem = "ours"
programs = ["ours"]
packages = ["ours"]
purpose = "Does what we do."
offline = ["Call it with --offline."]
layout = ["All is in one file."]
checks = ["ours --offline check"]

[[command]]
run = "ours --offline build"
does = "builds"
offline = true
"""


@pytest.fixture
def knowing(rehearsal: Rehearsal, tmp_path: Path) -> Iterator[tuple[House, Path]]:
    """An octrad with a directory of knowledge, which is there and holds nothing."""
    guides = tmp_path / "guides"
    guides.mkdir()
    with house(config_for(rehearsal, "quick", f'[knowledge]\ndir = "{tmp_path}"\n')) as started:
        yield started, guides


def hash_of_now(daemon: House) -> str:
    return str(daemon.must("status", "--json").json["content_hash"])


@pytest.mark.timeout(200)
def test_a_guide_that_is_dropped_changes_the_hash_of_what_is_asked_from_then_on(knowing: tuple[House, Path]) -> None:
    daemon, guides = knowing
    before = hash_of_now(daemon)
    first = daemon.wait(daemon.submit("a tool"))["id"]
    (guides / "ours.toml").write_text(GUIDE, encoding="utf-8")
    assert hash_of_now(daemon) == before, "nothing was read yet"
    assert daemon.process
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: hash_of_now(daemon) != before, 20, "the new guide is in use")
    second = daemon.wait(daemon.submit("another tool"))["id"]
    after = hash_of_now(daemon)
    for task, content_hash in ((first, before), (second, after)):
        shown = daemon.show(task)
        assert (shown["content_hash"], shown["content_hashes"]) == (content_hash, 1)
        assert {call["content_hash"] for call in shown["model_calls"]} == {content_hash}
        assert f"content:  {content_hash[:12]}\n" in daemon.must("show", task).stdout
    assert f"content {after[:12]}\n" in daemon.must("status").stdout
    assert f", content {after[:12]}\n" in daemon.must("version").stdout
    assert daemon.must("version", "--json").json["content_hash"] == after


@pytest.mark.timeout(200)
def test_a_task_that_was_retried_after_a_change_has_two_hashes(knowing: tuple[House, Path]) -> None:
    daemon, guides = knowing
    task = daemon.wait(daemon.submit("a tool", "--model", "rehearsal/refuses-to-work"))["id"]
    before = hash_of_now(daemon)
    (guides / "ours.toml").write_text(GUIDE, encoding="utf-8")
    assert daemon.process
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: hash_of_now(daemon) != before, 20, "the new guide is in use")
    daemon.must("retry", task, "--model", "rehearsal/quick", "--detach")
    daemon.wait(task)
    shown = daemon.show(task)
    assert (shown["content_hash"], shown["content_hashes"]) == (hash_of_now(daemon), 2)
    assert f"content:  {hash_of_now(daemon)[:12]} (and 1 other before)\n" in daemon.must("show", task).stdout
