"""The wheel of this source tree: what a distribution would install."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.daemon import ROOT

PACKAGES = ("octrad", "octractl", "octra_proto")
_BUILD = "import setuptools.build_meta as backend; backend.build_wheel('dist')"


def copy_source(directory: Path) -> Path:
    """Copies what the wheel is made of: the build backend leaves its own files beside what it reads."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, directory / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "systemd", directory / "systemd")
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, directory / name)
    return directory


def build_wheel(source: Path) -> Path:
    """Builds it in such a copy and returns the file."""
    built = subprocess.run(
        [sys.executable, "-c", _BUILD], cwd=source, capture_output=True, text=True, timeout=100, check=False
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = (source / "dist").glob("*.whl")
    return wheel
