"""What `pip install` brings: SQL, prompts, stacks, guides, scenarios and the stand-in are files beside the code."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("octrad", "octractl", "octra_proto")
BUILD = "import setuptools.build_meta as backend; backend.build_wheel('dist')"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy to build in: the backend leaves its own files beside what it reads."""
    for package in (*PACKAGES, "systemd"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def files_of(source: Path) -> set[str]:
    found = (path for package in PACKAGES for path in (source / package).rglob("*") if path.is_file())
    return {str(path.relative_to(source)) for path in found}


def test_wheel_holds_every_file_of_the_packages_and_both_programs(source: Path) -> None:
    expected = files_of(source)
    built = subprocess.run(
        [sys.executable, "-c", BUILD], cwd=source, capture_output=True, text=True, timeout=100, check=False
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = (source / "dist").glob("*.whl")
    with ZipFile(wheel) as archive:
        held = set(archive.namelist())
        programs = archive.read(next(name for name in held if name.endswith("entry_points.txt"))).decode()
    installed = {name for name in held if ".dist-info/" not in name}
    assert {name for name in installed if ".data/" not in name} == expected
    # Below the prefix of the installation, where journalctl looks when that is /usr.
    assert [name.partition(".data/data/")[2] for name in installed - expected] == ["lib/systemd/catalog/octra.catalog"]
    assert "octrad = " in programs
    assert "octractl = " in programs
