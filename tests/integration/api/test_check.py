"""`octrad check` and `octrad migrate` as a person runs them."""

import asyncio
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from octrad.foundation.postgres.embedded import ensure_running
from tests.daemon import processes_naming
from tests.integration.api.test_serve import octrad


def findings(*arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    ended = octrad("check", "--json", *arguments)
    answer = json.loads(ended.stdout)
    assert answer["ok"] is (ended.returncode == 0)
    return ended.returncode, {finding["name"]: finding for finding in answer["findings"]}


def test_every_fault_is_said_with_how_to_mend_it(tmp_path: Path) -> None:
    code, found = findings("--state-dir", str(tmp_path / ("d" * 100)))
    assert code == 1
    wrong = {name: finding for name, finding in found.items() if not finding["ok"]}
    assert {"models", "socket path"} <= set(wrong)
    assert all(finding["detail"] and finding["hint"] for finding in wrong.values())
    assert found["python packages"]["ok"]
    assert found["database"]["ok"]


def test_a_malformed_configuration_is_one_fault_among_the_others(tmp_path: Path) -> None:
    config = tmp_path / "octrad.toml"
    config.write_text("[modells]\n", encoding="utf-8")
    code, found = findings("--state-dir", str(tmp_path / "state"), "--config", str(config))
    assert code == 1
    assert "did you mean `models`" in found["configuration"]["detail"]
    assert found["python packages"]["ok"]


def test_a_provider_without_key_and_a_model_without_provider_are_faults(tmp_path: Path) -> None:
    config = tmp_path / "octrad.toml"
    text = '[models]\nchain = ["anthropic/x", "nobody/y"]\n[providers.anthropic]\nkind = "anthropic"\n'
    config.write_text(text, encoding="utf-8")
    _, found = findings("--state-dir", str(tmp_path / "state"), "--config", str(config))
    assert "nobody/y" in found["models"]["detail"]
    assert "key_file" in found["provider anthropic"]["hint"]


def test_key_file_that_is_no_readable_file_is_a_fault(tmp_path: Path) -> None:
    loop, config = tmp_path / "key", tmp_path / "octrad.toml"
    loop.symlink_to(loop)  # also root cannot read it
    text = f'[models]\nchain = ["anthropic/x"]\n[providers.anthropic]\nkind = "anthropic"\nkey_file = "{loop}"\n'
    config.write_text(text, encoding="utf-8")
    _, found = findings("--state-dir", str(tmp_path / "state"), "--config", str(config))
    assert "is not readable for uid" in found["provider anthropic"]["detail"]
    assert "check as that one" in found["provider anthropic"]["hint"]


def test_state_directory_that_a_check_makes_is_closed_to_others(tmp_path: Path) -> None:
    config, state = tmp_path / "octrad.toml", tmp_path / "state"
    config.write_text('[nix]\nnixpkgs = "stand-in"\nstore = "private"\n', encoding="utf-8")
    findings("--state-dir", str(state), "--config", str(config))
    assert state.stat().st_mode & 0o007 == 0


def test_state_directory_that_cannot_be_made_is_no_bug_of_ours() -> None:
    code, found = findings("--state-dir", "/proc/octra")
    assert code == 1
    assert "runner" not in found
    assert found["nix"]["hint"] == "choose another --state-dir"


def test_missing_programs_are_named_once_with_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("git", "sh", "cat", "sed", "mount"):
        (programs / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(programs))
    _, found = findings("--state-dir", str(tmp_path / "state"))
    assert "nix-bin" in found["nix"]["hint"]
    assert found["store"]["hint"] == "see nix"
    assert "install bubblewrap" in found["bubblewrap"]["hint"]
    assert "without bubblewrap" in found["sandbox"]["detail"]
    (programs / "bwrap").symlink_to(str(shutil.which("bwrap", path=os.defpath)))
    _, found = findings("--state-dir", str(tmp_path / "state"))
    assert (found["sandbox"]["detail"], found["sandbox"]["hint"]) == (
        "`unshare` is not installed",
        "install util-linux",
    )


def test_detail_of_several_lines_stays_in_its_column(tmp_path: Path) -> None:
    config = tmp_path / "octrad.toml"
    config.write_text('[database]\ndsn = "host=127.0.0.1 port=1 password=s3cret"\n', encoding="utf-8")
    said = octrad("check", "--state-dir", str(tmp_path / "state"), "--config", str(config)).stdout
    assert all(line.startswith(("ok  ", "WRONG", "       ")) for line in said.partition("\n\n")[0].splitlines())
    assert "s3cret" not in said


@pytest.fixture
def dsn(tmp_path: Path) -> Iterator[str]:
    server = asyncio.run(ensure_running(tmp_path / "elsewhere"))
    try:
        yield server.dsn
    finally:
        asyncio.run(server.stop())


def test_a_configured_database_is_well_before_and_after_its_migration_but_not_when_it_is_newer(
    tmp_path: Path, dsn: str
) -> None:
    config = tmp_path / "octrad.toml"
    config.write_text(f'[database]\ndsn = "{dsn}"\n', encoding="utf-8")
    arguments = ("--state-dir", str(tmp_path / "state"), "--config", str(config))
    _, found = findings(*arguments)
    assert found["database"]["ok"]
    assert "brought up at the start" in found["database"]["detail"]
    assert octrad("migrate", *arguments).returncode == 0
    _, found = findings(*arguments)
    assert found["database"]["ok"]
    assert "at the start" not in found["database"]["detail"]
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("INSERT INTO tasks_migrations (number, name, digest) VALUES (99, 'from_the_future', '')")
    _, found = findings(*arguments)
    assert not found["database"]["ok"]
    assert "newer than this octrad" in found["database"]["detail"]


def test_people_read_one_line_a_finding(tmp_path: Path) -> None:
    ended = octrad("check", "--state-dir", str(tmp_path / "state"))
    assert ended.returncode == 1
    assert "WRONG  models" in ended.stdout
    assert "hint: set `models.chain`" in ended.stdout
    assert ended.stdout.rstrip().endswith("are wrong")


def test_migrate_needs_no_daemon_and_leaves_none(tmp_path: Path) -> None:
    for _ in range(2):
        ended = octrad("migrate", "--state-dir", str(tmp_path / "s"))
        assert (ended.returncode, ended.stdout) == (0, "octrad: the database is at this version\n"), ended.stderr
    assert processes_naming(tmp_path) == []
