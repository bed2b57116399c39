import dataclasses
from pathlib import Path

import pytest

from octrad.runner.server.nix import inspect_host as module
from octrad.runner.server.nix.inspect_host import inspect_host
from octrad.runner.server.nix.nixpkgs import Nixpkgs
from octrad.runner.server.nix.store import NixStore


async def test_this_host_has_all_that_is_needed(store: NixStore, nixpkgs: Nixpkgs) -> None:
    inspection = await inspect_host(store, nixpkgs)
    assert [finding.name for finding in inspection.findings if not finding.ok] == []
    assert inspection.stand_in
    assert inspection.nix_version.startswith("2.")
    assert inspection.store_dir == str(store.store_dir)


async def test_what_is_missing_is_named_with_a_way_to_get_it(
    store: NixStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = dataclasses.replace(store, environment={**store.environment, "PATH": str(tmp_path)})
    unreachable = Nixpkgs("github:x/y/z", "github:x/y/z", pinned=False)
    monkeypatch.setattr(module, "_PACKAGES_HOST", "invalid.invalid")
    inspection = await inspect_host(broken, unreachable)
    findings = {finding.name: finding for finding in inspection.findings}
    assert not findings["nixpkgs"].ok
    assert "stand-in" in findings["nixpkgs"].hint
    assert not findings["store"].ok
    assert inspection.nix_version == ""
