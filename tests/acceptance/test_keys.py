"""A provider's key appears nowhere but in its file and in the requests to the provider, whatever the provider does.

A canary is configured and repeated in every way that a provider has: in messages, pages, headers and redirects, whole,
encoded, and where our cut would halve it. Then everything that Octra wrote, recorded, printed or started is searched.
"""

import base64
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from octrad.gateway.server.answer_question import ERROR_CHARACTERS
from tests.canaries import characters
from tests.daemon import House, Rehearsal, descendants, house, living, wait_until

# With what an address and JSON spell otherwise. No rule of the search for secrets knows it: it would refuse a snapshot.
CANARY = f"canary/{characters(20, seed=7)}+{characters(20, seed=8)}="
SPELLINGS = (CANARY, quote(CANARY, safe=""), base64.b64encode(CANARY.encode()).decode().rstrip("="))
# What is left when a text is cut within it.
TRACES = [spelling[: len(spelling) // 2].encode() for spelling in SPELLINGS] + [CANARY[-20:].encode()]

# What a command of a worker's can find out about the processes and variables around it.
LOOK = r"""
env
cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n'
echo looked
"""
SCENARIO = f"""
title = "A provider that repeats the key"
request = "A script that looks around"

[[reply]]
step = "grade"
variant = "bad"
[reply.failure]
kind = "error"
status = 401
message = "Incorrect API key provided: {{key}}"
headers = {{ www-authenticate = "Bearer {{key}}" }}
[[reply]]
step = "plan"
variant = "bad"
[reply.failure]
kind = "error"
status = 403
content_type = "text/html"
body = "<html>not {{key:url}}, nor {{key:base64}}</html>"
[[reply]]
step = "work/*"
variant = "bad"
failure = {{ kind = "error", status = 307, body = "", headers = {{ location = "/v1/elsewhere?key={{key:url}}" }} }}
[[reply]]
step = "validate/*"
variant = "bad"
failure = {{ kind = "error", status = 400, message = "{"x" * (ERROR_CHARACTERS - 20)}{{key}}" }}

[[reply]]
step = "grade"
answer = {{ grade = 1, reason = "A script." }}
[[reply]]
step = "plan"
[reply.answer]
title = "Look around"
name = "look"
stack = "plain"
more_stacks = []
packages = []
brief = "look.sh looks around"
checks = ["sh look.sh"]
[[reply]]
step = "work/*"
[reply.answer]
summary = "Look around"
edits = []
removals = []
packages = []
[[reply.answer.files]]
path = "look.sh"
executable = true
content = '''{LOOK}'''
[[reply]]
step = "validate/*"
answer = {{ approved = true, reasons = [] }}
"""


@pytest.fixture
def leaky(tmp_path: Path) -> Iterator[Rehearsal]:
    scenarios = tmp_path / "scenarios"
    scenarios.mkdir()
    (scenarios / "leaky.toml").write_text(SCENARIO, encoding="utf-8")
    server = Rehearsal(scenarios)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def daemon(leaky: Rehearsal, tmp_path: Path) -> Iterator[House]:
    key_file = tmp_path / "provider.key"
    key_file.write_text(CANARY + "\n", encoding="utf-8")
    config = f"""
[models]
chain = ["keyed/leaky:bad", "keyed/leaky:good"]
local_servers = "off"
[providers.keyed]
kind = "openai-compatible"
base_url = "{leaky.base_url}"
key_file = "{key_file}"
[nix]
nixpkgs = "stand-in"
store = "private"
"""
    with house(config) as started:
        yield started


def test_key_appears_nowhere(daemon: House, leaky: Rehearsal) -> None:
    done = daemon.submit("A script that looks around")
    assert daemon.wait(done)["state"] == "TASK_STATE_DONE"
    failed = daemon.submit("A script that looks around", "--anyway", "--model", "keyed/leaky:bad")
    assert daemon.wait(failed)["state"] == "TASK_STATE_FAILED"
    # It really was repeated, and the failures were really recorded.
    refused = {(row["step"], row["status"]) for row in leaky.requests() if row["model"] == "leaky:bad"}
    assert {status for _, status in refused} == {401, 403, 307, 400}
    assert "Incorrect API key provided: [key]" in daemon.must("show", failed).stdout

    searched = {
        **printed(daemon, done, failed),
        **processes(daemon),
        "database": dump(daemon),
        "octrad's output": daemon.log.encode(),
        **files(daemon.state_dir),
    }
    assert "looked" in searched["the whole output"].decode()
    assert traces_in(searched) == []
    assert_abort_tells_nothing(daemon)


def printed(daemon: House, *tasks: str) -> dict[str, bytes]:
    """What octractl tells of the tasks and of the daemon."""
    commands = [("models",), ("models", "--json"), ("status",), ("list", "--json"), ("audit-log",)]
    for task in tasks:
        commands += [("show", task), ("show", task, "--json"), ("logs", task), ("logs", task, "--json"), ("why", task)]
    said = {" ".join(command): daemon.octractl(*command) for command in commands}
    whole = daemon.must("logs", tasks[0], "--step", "check/1/1")
    return {"the whole output": whole.stdout.encode()} | {
        command: (one.stdout + one.stderr).encode() for command, one in said.items()
    }


def processes(daemon: House) -> dict[str, bytes]:
    """Command lines and variables of octrad, its servants, its PostgreSQL and all that they started."""
    assert daemon.process
    roots = {daemon.process.pid, *daemon.servant_pids().values()}
    pids = roots.union(*(descendants(pid) for pid in roots))
    assert len(pids) >= 3
    return {
        f"/proc/{pid}/{name}": Path(f"/proc/{pid}/{name}").read_bytes()
        for pid in living(pids)
        for name in ("cmdline", "environ")
    }


def dump(daemon: House) -> bytes:
    """Every row of every table."""
    (directory,) = {path.parent for path in daemon.base.rglob(".s.PGSQL.*") if not path.name.endswith(".lock")}
    with psycopg.connect(f"host={directory} dbname=octra user=octra") as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information)'"
        )
        rows = [
            row[0]
            for schema, table in tables.fetchall()
            for row in connection.execute(
                sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(schema, table))
            ).fetchall()
        ]
    assert any("[key]" in row for row in rows)
    return "\n".join(rows).encode()


def files(directory: Path) -> dict[str, bytes]:
    """Spools, logs, trees, PostgreSQL's own files."""
    return {
        str(path): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and not path.is_symlink() and "nix" not in path.relative_to(directory).parts
    }


def traces_in(searched: dict[str, bytes]) -> list[str]:
    return [f"{place}: {trace!r}" for place, content in searched.items() for trace in TRACES if trace in content]


def assert_abort_tells_nothing(daemon: House) -> None:
    """A gateway that is aborted leaves no core and no word."""
    gateway = daemon.servant_pids()["gateway"]
    limits = Path(f"/proc/{gateway}/limits").read_text(encoding="utf-8")
    assert next(line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core")) == ["0", "0"]
    where = Path(f"/proc/{gateway}/cwd").readlink()
    before = set(where.iterdir())
    os.kill(gateway, signal.SIGABRT)
    wait_until(lambda: not living([gateway]), 30, "the gateway is gone")
    assert [path for path in set(where.iterdir()) - before if "core" in path.name] == []
    assert traces_in(files(daemon.state_dir / "log")) == []
