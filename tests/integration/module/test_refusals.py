"""What the module refuses, with the option's name: before anything is built or started."""

from pathlib import Path
from typing import Any

import pytest

from tests.integration.module.nix import render_raw, run_nix

KEYED = {"kind": "openai", "keyFile": "/run/secrets/openai"}


def _provider(**changes: Any) -> dict[str, Any]:
    return {"models": {"providers": {"openai": {**KEYED, **changes}}}}


@pytest.mark.parametrize(
    ("options", "option"),
    [
        (_provider(keyFile="STORE/abc-key"), "services.octra.models.providers.openai.keyFile: a secret must not"),
        (_provider(keyFile="openai.key"), "services.octra.models.providers.openai.keyFile: `openai.key` is not"),
        (_provider(keyFile=None), "services.octra.models.providers.openai.keyFile: openai needs a key"),
        (_provider(kind="openai-compatible"), "services.octra.models.providers.openai.baseUrl: openai-compatible"),
        ({"models": {"chain": ["openai/x"]}}, "services.octra.models.chain: no provider serves openai/x"),
        ({"models": {"roles": {"worker": ["openai/x"]}}}, "services.octra.models.roles.worker: no provider serves op"),
        ({"models": {"chain": ["openai/x", "openai/x"]}}, "services.octra.models.chain: openai/x is named twice"),
        ({"budgets": {"dayUsd": -1}}, "services.octra.budgets.dayUsd: -1 is no amount above 0"),
        ({"database": {"dsnFile": "/run/secrets/dsn"}}, "services.octra.database: choose one"),
        ({"database": {"createLocally": False}}, "services.octra.database.dsnFile: there is no database"),
        (
            {"database": {"createLocally": False, "dsnFile": "STORE/abc-dsn"}},
            "services.octra.database.dsnFile: a secret must not",
        ),
        ({"user": "octra-runner"}, "services.octra.user: `octra-runner` is taken"),
        ({"nixpkgs": "github:NixOS/nixpkgs"}, "services.octra.nixpkgs: github:NixOS/nixpkgs must be fetched"),
        ({"snapshots": {"retentionDays": 0}}, "services.octra.snapshots.retentionDays: 0 is no number of days"),
        ({"snapshots": {"rootsDirectory": "roots"}}, "services.octra.snapshots.rootsDirectory: `roots` is not an abs"),
        ({"snapshots": {"rootsDirectory": "/a b"}}, "services.octra.snapshots.rootsDirectory: `/a b` is not an abs"),
        ({"snapshots": {"rootsDirectory": "/home/a/r"}}, "services.octra.snapshots.rootsDirectory: the runner cannot"),
        ({"snapshots": {"rootsDirectory": "STORE/r"}}, "services.octra.snapshots.rootsDirectory: the runner cannot"),
        (
            {"settings": {"snapshots": {"roots_dir": "/tmp/r"}}},
            "services.octra.snapshots.rootsDirectory: the runner cannot write to /tmp/r",
        ),
        (
            {"settings": {"providers": {"x": {"kind": "openai", "key_file": "STORE/abc"}}}},
            "services.octra.settings.providers.x.key_file: a secret must not",
        ),
    ],
)
def test_bad_options_are_refused_by_name(options: dict[str, Any], option: str, tmp_path: Path) -> None:
    placed = _in_store(options, f"{tmp_path}/store")
    ended = render_raw(placed, tmp_path)
    assert ended.returncode != 0
    assert option in ended.stderr


def test_a_path_literal_is_refused_without_being_copied(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sk-canary", encoding="ascii")
    judge = Path(__file__).parents[3] / "nixos-module" / "judge-options.nix"
    values = f"""{{ user = "octra"; nixpkgs = "stand-in"; database = {{ createLocally = true; dsnFile = {key}; }};
      models = {{ chain = [ ]; roles = {{ }}; providers = {{ }}; }}; budgets = {{ }}; sandbox.fetch = false; }}"""
    judged = f'import {judge} {{ values = {values}; settings.database.dsn = "x"; nixSettings = {{ }}; }}'
    expression = f"map (j: j.message) (builtins.filter (j: !j.assertion) ({judged}))"
    ended = run_nix(["nix-instantiate", "--eval", "--strict", "--json", "-E", expression], tmp_path / "nix")
    assert ended.returncode == 0, ended.stderr
    assert "services.octra.database.dsnFile: a secret must not be in the Nix store" in ended.stdout
    store = tmp_path / "nix" / "store"
    assert not store.exists() or not any(b"sk-canary" in f.read_bytes() for f in store.rglob("*") if f.is_file())


def _in_store(value: Any, store: str) -> Any:
    if isinstance(value, dict):
        return {name: _in_store(inner, store) for name, inner in value.items()}
    return value.replace("STORE", store) if isinstance(value, str) else value
