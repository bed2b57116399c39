"""The suite of tests/hostile on the booted machine, for a runner of root's and for one of an ordinary user's."""

import shutil
from pathlib import Path

import pytest

from tests.daemon import ROOT
from tests.system.python_packages import VENV
from tests.system.service import Service

SUITE = "/srv/hostile"


@pytest.fixture(scope="module")
def suite(installed: Service) -> str:
    place = installed.machine.path(SUITE)
    for path in (ROOT / "tests" / "hostile").rglob("*.py"):
        copy = Path(place, path.relative_to(ROOT))
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return SUITE


# Of an ordinary user's attempts many fail outside of the sandbox as well, and so count for nothing.
@pytest.mark.parametrize(("user", "proven"), [("root", 85), ("alice", 60)])
def test_nothing_escapes(service: Service, suite: str, user: str, proven: int) -> None:
    apart = ("systemd-run", "--quiet", "--pipe", "--wait", f"--uid={user}", f"--working-directory={suite}")
    said = service.machine.run(*apart, f"{VENV}/bin/python", "-Bm", "tests.hostile.run", timeout_s=120)
    assert said.exit_code == 0, said
    assert sum(line.startswith("contained") for line in said.stdout.splitlines()) >= proven, said.stdout
