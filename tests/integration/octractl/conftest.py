import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.octractl.daemon import Daemon

Octractl = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path / "octra.sock")
    yield daemon
    daemon.stop()


@pytest.fixture
def octractl(tmp_path: Path) -> Octractl:
    """Runs octractl as a process, in a directory of its own."""
    home = tmp_path / "home"
    home.mkdir()

    def run(*arguments: str | Path, cwd: Path = home, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "octractl", *arguments],
            cwd=cwd,
            env=os.environ | {"OCTRA_SOCKET": str(tmp_path / "octra.sock"), "HOME": str(home), "TZ": "UTC"},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
