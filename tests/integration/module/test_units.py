"""The module's own units, evaluated by Nix: what is in them, and how far systemd finds them exposed."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.integration.module.nix import PACKAGE, render

GOLDEN = Path(__file__).parent / "golden"
TWO_PROVIDERS: dict[str, Any] = {
    "models": {
        "chain": ["anthropic/claude-sonnet-4-5", "ollama/qwen3-coder"],
        "providers": {
            "anthropic": {"kind": "anthropic", "keyFile": "/run/secrets/anthropic"},
            "ollama": {"kind": "ollama", "baseUrl": "http://192.168.1.5:11434"},
        },
    },
}
CASES: dict[str, dict[str, Any]] = {
    "default": {},
    "budgets": {
        "budgets": {"taskUsd": 2.5, "dayUsd": 20},
        "models": {
            "chain": ["anthropic/claude-sonnet-4-5"],
            "roles": {"boss": ["anthropic/claude-opus-4-1", "anthropic/claude-sonnet-4-5"]},
            "providers": {
                "anthropic": {
                    "kind": "anthropic",
                    "keyFile": "/run/secrets/anthropic",
                    "callsAtOnce": 4,
                    "requestsPerMinute": 50,
                }
            },
        },
    },
    "dsn": {"database": {"createLocally": False, "dsnFile": "/run/secrets/dsn", "addresses": ["10.0.0.5"]}},
    "redis": {"redis": {"createLocally": True}},
    "retention": {"snapshots": {"rootsDirectory": "/nix/var/nix/gcroots/octra", "retentionDays": 90}},
    "two_providers": TWO_PROVIDERS,
}
# What the issue allows, times ten; systemd before 257 does not know the `PrivateUsers=identity` of the gateway.
EXPOSURE = {"octrad": (8, 8), "octra-gateway": (10, 12), "octra-runner": (20, 20)}


@pytest.mark.parametrize("name", CASES)
def test_rendered_files_are_as_recorded(name: str, tmp_path: Path) -> None:
    files = render(CASES[name], tmp_path)
    text = "".join(f"##### {file}\n{files[file]}" for file in sorted(files))
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_only_the_gateway_gets_keys_and_only_their_credential_is_configured(tmp_path: Path) -> None:
    files = render(TWO_PROVIDERS, tmp_path)
    assert [name for name, text in files.items() if "/run/secrets/anthropic" in text] == ["octra-gateway.service"]
    assert "LoadCredential=provider-anthropic:/run/secrets/anthropic\n" in files["octra-gateway.service"]
    assert tomllib.loads(files["octrad.toml"])["providers"]["anthropic"]["key_file"] == "provider-anthropic"


def test_a_key_is_never_read_nor_stored(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sk-canary", encoding="ascii")
    options = {"models": {"providers": {"openai": {"kind": "openai", "keyFile": str(key)}}}}
    files = render(options, tmp_path / "nix")
    assert not any("sk-canary" in text for text in files.values())
    stored = [file for file in (tmp_path / "nix").rglob("*") if file.is_file() and b"sk-canary" in file.read_bytes()]
    assert stored == []


def test_octrad_is_without_network_only_where_its_database_is_local(tmp_path: Path) -> None:
    assert "PrivateNetwork=true\n" in render({}, tmp_path)["octrad.service"]
    remote = render(CASES["dsn"], tmp_path)["octrad.service"]
    assert "PrivateNetwork=false\n" in remote
    assert "IPAddressAllow=10.0.0.5\n" in remote
    assert "LoadCredential=dsn:/run/secrets/dsn\n" in remote


@pytest.mark.parametrize(("options", "mode"), [({}, "0660"), ({"access": {"viewer": {"users": ["eve"]}}}, "0666")])
def test_anybody_may_knock_only_where_others_than_the_group_have_a_role(
    options: dict[str, Any], mode: str, tmp_path: Path
) -> None:
    files = render(options, tmp_path)
    assert f"SocketMode={mode}\n" in files["octrad.socket"]
    # A rebuild does not touch a socket that is there, so its mode is also set by name.
    assert f"z /run/octra/octra.sock {mode} octra octra -\n" in files["tmpfiles.d/octra.conf"]


def test_nothing_of_the_journals_catalog_stays(tmp_path: Path) -> None:
    unit = render({}, tmp_path)["octra-catalog.service"].splitlines()
    started, stopped = ([line for line in unit if line.startswith(f"Exec{verb}=")] for verb in ("Start", "Stop"))
    catalog = "/usr/local/lib/systemd/catalog/octra.catalog"
    assert started[0].endswith(f"{PACKAGE}/lib/systemd/catalog/octra.catalog {catalog}")
    assert stopped[0] == f"ExecStop=/bin/rm --force {catalog}"
    assert started[1].endswith("--update-catalog")
    assert stopped[1].endswith("--update-catalog")


def test_roots_of_snapshots_are_made_for_the_runner_and_writable_to_it_alone(tmp_path: Path) -> None:
    files = render(CASES["retention"], tmp_path)
    roots = "/nix/var/nix/gcroots/octra"
    assert f"d {roots} 0755 octra-runner octra-runner -\n" in files["tmpfiles.d/octra.conf"]
    assert [name for name, text in files.items() if f"ReadWritePaths=-{roots}\n" in text] == ["octra-runner.service"]
    assert tomllib.loads(files["octrad.toml"])["snapshots"] == {
        "secrets": "refuse",
        "retention_days": 90,
        "roots_dir": roots,
    }


def test_a_stop_waits_longer_than_octrad_drains(tmp_path: Path) -> None:
    files = render({"settings": {"limits": {"drain_s": 90}}}, tmp_path)
    assert "TimeoutStopSec=135\n" in files["octrad.service"]


def test_a_rebuild_ends_neither_a_call_nor_a_command(tmp_path: Path) -> None:
    files = render({}, tmp_path)
    for servant in ("gateway", "runner"):
        assert "X-ReloadIfChanged=true\n" in files[f"octra-{servant}.service"]
        assert "ExecReload=/bin/kill -USR1 $MAINPID\n" in files[f"octra-{servant}.service"]
    assert "X-StopIfChanged=false\n" in files["octrad.service"]


def test_an_older_systemd_gets_only_what_it_knows(tmp_path: Path) -> None:
    files = render({}, tmp_path, systemdVersion=252)
    assert "Type=notify\n" in files["octrad.service"]
    assert not any(new in text for text in files.values() for new in ("notify-reload", "RestartSteps", "identity"))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="NO systemd-analyze: scripts/setup installs it")
@pytest.mark.parametrize("unit", EXPOSURE)
def test_exposure_is_bounded(unit: str, tmp_path: Path) -> None:
    said = subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True, check=True)
    version = int(said.stdout.split()[1].split(".")[0])
    file = tmp_path / f"{unit}.service"
    file.write_text(render({}, tmp_path / "nix", systemdVersion=version)[file.name], encoding="utf-8")
    threshold = EXPOSURE[unit][0 if version >= 257 else 1]
    argv = ["systemd-analyze", "security", "--no-pager", "--offline=true", f"--threshold={threshold}", str(file)]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr
    assert "nknown" not in ended.stderr
