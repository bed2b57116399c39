"""octrad.toml as the module writes it is one that octrad takes, and the module's options are octrad's keys."""

import subprocess
import sys
from pathlib import Path

import pytest

from octrad.foundation.config import load_config
from tests.daemon import ROOT
from tests.integration.module.nix import render
from tests.integration.module.test_units import CASES


@pytest.mark.parametrize("name", CASES)
def test_octrad_accepts_the_rendered_configuration(name: str, tmp_path: Path) -> None:
    path = tmp_path / "octrad.toml"
    path.write_text(render(CASES[name], tmp_path / "nix")["octrad.toml"], encoding="utf-8")
    load_config(path)


def test_the_options_are_the_keys_of_the_configuration() -> None:
    argv = [sys.executable, str(ROOT / "scripts" / "describe_settings.py"), "--check"]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=ROOT)
    assert ended.returncode == 0, ended.stderr
