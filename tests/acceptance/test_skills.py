"""Skills through octractl and a real daemon: what workers are told, who chose it, what limits it, and a user's own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.rehearsed import SCENARIOS
from tests.daemon import House, Rehearsal, config_for, house, wait_until

OWN = """+++
name = "Lists that are kept in files"
slug = "{slug}"
area = "Household"
keywords = ["todo list", "command line", "json file", "python", "done", "remove"]
weight = 5
+++
{first}
Second line of ours.
Third line of ours.
"""
# Of the shipped fragment that the manager of the scenario picks.
SAFE_FILES = "a crash leaves the old or the new, never half"


@pytest.fixture(scope="module")
def knowledge_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("knowledge")
    (directory / "skills").mkdir()
    return directory


@pytest.fixture(scope="module")
def skilled(rehearsal: Rehearsal, knowledge_dir: Path) -> Iterator[House]:
    with house(config_for(rehearsal, extra=f'[knowledge]\ndir = "{knowledge_dir}"\n')) as started:
        yield started


def picked(events: list[dict[str, Any]]) -> dict[str, tuple[str, list[str]]]:
    """Who chose which slugs, by worker."""
    choices = [event["skills_picked"] for event in events if "skills_picked" in event]
    return {choice["worker"]: (choice["by"], choice.get("slugs", [])) for choice in choices}


def put(directory: Path, slug: str, first: str) -> None:
    (directory / "skills" / f"{slug}.md").write_text(OWN.format(slug=slug, first=first), encoding="utf-8")


def reload_until_shown(daemon: House, slug: str, words: str) -> None:
    assert daemon.process
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: words in daemon.octractl("skills", "show", slug).stdout, 30, f"{slug} is read")


def test_managers_choice_is_an_event_and_reaches_the_worker(skilled: House, rehearsal: Rehearsal) -> None:
    said = skilled.must("submit", SCENARIOS["skills"].request, "--model", "rehearsal/skills", "--progress", "json")
    task = said.events[-1]["task_id"]
    choices = picked(skilled.events(task))
    assert choices["store"] == ("manager", ["cli-safe-files"])
    by, slugs = choices["interface"]
    assert (by, slugs[0]) == ("search", "cli-exit-codes-streams")
    assert len(slugs) <= 3

    offered = rehearsal.prompt(task, "assign/tool")
    assert "For store:\n- `" in offered
    assert "- `cli-safe-files`: Writing files safely (CLI)" in offered
    assert "'vpn-mtu', for 'store', is none of the `skills` that were listed" in rehearsal.prompt(task, "assign/tool/2")
    assert SAFE_FILES in rehearsal.prompt(task, "work/store/1")
    told = rehearsal.prompt(task, "work/interface/1")
    assert SAFE_FILES not in told
    assert "Exit codes and streams:\nResults go to stdout;" in told

    page = skilled.must("show", task).stdout
    assert "\nSKILLS\n  store: cli-safe-files (by manager)\n  interface: cli-exit-codes-streams" in page
    watched = skilled.must("watch", task, "--progress", "plain").stderr
    assert "skills for store: cli-safe-files (its manager's choice)" in watched


def test_areas_of_a_task_limit_boss_manager_and_workers(skilled: House, rehearsal: Rehearsal) -> None:
    task = skilled.submit(
        SCENARIOS["conflict"].request, "--model", "rehearsal/conflict", "--skills", "testing, backend"
    )
    ended = skilled.wait(task)
    assert (ended["state"], ended["skill_areas"]) == ("TASK_STATE_DONE", ["Testing", "Backend"])
    plan, offered = rehearsal.prompt(task, "plan"), rehearsal.prompt(task, "assign/languages")
    assert "\n- Backend: " in plan
    assert "\n- Testing: " in plan
    assert "\n- VPN: " not in plan
    areas = {line.rpartition("(")[2] for line in offered.splitlines() if line.startswith("- `")}
    assert areas <= {"Testing)", "Backend)"}
    assert "Testing)" in areas
    choices = picked(skilled.events(task))
    assert set(choices) == {"english", "german"}
    for by, slugs in choices.values():
        # Its answers are of before there were skills.
        assert by == "search"
        assert all(slug.startswith(("testing-", "backend-")) for slug in slugs)
    assert "skills:   Testing, Backend" in skilled.must("show", task).stdout


def test_without_managers_the_best_fitting_are_told(skilled: House, rehearsal: Rehearsal) -> None:
    request = SCENARIOS["python-cli"].request
    task = skilled.submit(request, "--skills", "CLI")
    assert skilled.wait(task)["state"] == "TASK_STATE_DONE"
    [(by, slugs)] = picked(skilled.events(task)).values()
    assert (by, slugs[0]) == ("search", "cli-safe-files")
    assert SAFE_FILES in rehearsal.prompt(task, "work/builder/1")
    assert "What workers can be told" not in rehearsal.prompt(task, "plan")


def test_unknown_area_is_refused_with_the_nearest(skilled: House) -> None:
    said = skilled.octractl("submit", "a tool", "--skills", "CLI,Testng")
    assert said.exit_code == 65
    assert "error: skill_areas: there is no area of skills 'Testng'" in said.stderr
    assert "hint: did you mean Testing? the areas are Backend, CLI, " in said.stderr


def test_catalog_search_and_fragments_for_people_and_programs(skilled: House) -> None:
    listed = skilled.must("skills", "list", "--area", "VPN").stdout
    assert listed.splitlines()[0].split() == ["AREA", "SKILL", "NAME"]
    assert "vpn-mtu" in listed
    assert "cli-" not in listed
    words = ("skills", "search", "big files stall in the tunnel", "--tech", "wireguard", "-k", "2")
    assert len(skilled.must(*words).stdout.splitlines()) == 3
    explained = skilled.must(*words, "--explain").stdout
    assert "  wireguard in tech" in explained
    found = skilled.must(*words, "--json", "--explain", "--area", "vpn").json["found"]
    assert found[0]["skill"]["slug"] == "vpn-mtu"
    assert found[0]["terms"]
    shown = skilled.must("skills", "show", "vpn-mtu", "cli-arguments").stdout
    assert "vpn-mtu: MTU inside a tunnel" in shown
    assert "keywords: arguments" in shown
    nothing = skilled.must("skills", "search", "zzzz")
    assert (nothing.stdout, "nothing fits" in nothing.stderr) == ("", True)
    unknown = skilled.octractl("skills", "show", "vpn-mtv")
    assert (unknown.exit_code, "did you mean `vpn-mtu`?" in unknown.stderr) == (66, True)


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["skills", "show", "vpn-m"], ["plain,vpn-mtu"]),
        (["skills", "list", "--area", "Pro"], ["plain,Proxy"]),
        (["submit", "x", "--skills", "CLI,Te"], ["plain,CLI,Testing"]),
    ],
)
def test_shell_completes_slugs_and_areas(skilled: House, words: list[str], completed: list[str]) -> None:
    environment = os.environ | {
        "OCTRA_SOCKET": str(skilled.socket),
        "_OCTRACTL_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["octractl", *words]),
        "COMP_CWORD": str(len(words)),
    }
    argv = [sys.executable, "-m", "octractl"]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == completed


def test_own_fragment_counts_after_a_reload_and_a_broken_one_is_named(
    skilled: House, rehearsal: Rehearsal, knowledge_dir: Path
) -> None:
    put(knowledge_dir, "household-lists", "First line of ours.")
    put(knowledge_dir, "vpn-mtu", "In place of the shipped one.")
    (knowledge_dir / "skills" / "broken.md").write_text("no frontmatter\n", encoding="utf-8")
    reload_until_shown(skilled, "household-lists", "First line of ours.")
    health = next(part for part in skilled.must("status", "--json").json["components"] if part["name"] == "library")
    assert not health.get("healthy")
    assert f"{knowledge_dir}/skills/broken.md: the skill broken.md must begin with frontmatter" in health["detail"]
    listed = skilled.must("skills", "list", "--area", "household").stdout
    assert "Lists that are kept in files (yours)" in listed
    assert "In place of the shipped one." in skilled.must("skills", "show", "vpn-mtu").stdout
    task = skilled.submit(SCENARIOS["python-cli"].request)
    assert skilled.wait(task)["state"] == "TASK_STATE_DONE"
    [(_, slugs)] = picked(skilled.events(task)).values()
    assert "household-lists" in slugs
    assert "First line of ours." in rehearsal.prompt(task, "work/builder/1")


def test_resumed_run_is_told_what_was_picked_before_the_files_changed(
    skilled: House, rehearsal: Rehearsal, knowledge_dir: Path
) -> None:
    put(knowledge_dir, "household-lists", "As it was when it was picked.")
    reload_until_shown(skilled, "household-lists", "As it was when it was picked.")
    task = skilled.submit(SCENARIOS["python-cli"].request)
    with skilled.follow(task) as following:
        following.until_step("skills_picked", "skills")
        skilled.kill()
    (knowledge_dir / "skills" / "household-lists.md").unlink()
    skilled.start()
    assert skilled.wait(task)["state"] == "TASK_STATE_DONE"
    assert skilled.octractl("skills", "show", "household-lists").exit_code == 66
    assert "As it was when it was picked." in rehearsal.prompt(task, "work/builder/1")
    assert [row["step"] for row in rehearsal.requests(task)].count("work/builder/1") == 1
