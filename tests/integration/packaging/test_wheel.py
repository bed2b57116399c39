"""What `pip install` brings: SQL, prompts, stacks, guides, scenarios and the stand-in are files beside the code."""

from pathlib import Path
from zipfile import ZipFile

from tests.wheel import PACKAGES, build_wheel, copy_source


def files_of(source: Path) -> set[str]:
    found = (path for package in PACKAGES for path in (source / package).rglob("*") if path.is_file())
    return {str(path.relative_to(source)) for path in found}


def test_wheel_holds_every_file_of_the_packages_and_both_programs(tmp_path: Path) -> None:
    source = copy_source(tmp_path)
    expected = files_of(source)
    with ZipFile(build_wheel(source)) as archive:
        held = set(archive.namelist())
        programs = archive.read(next(name for name in held if name.endswith("entry_points.txt"))).decode()
    installed = {name for name in held if ".dist-info/" not in name}
    assert {name for name in installed if ".data/" not in name} == expected
    # Below the prefix of the installation, where journalctl looks when that is /usr.
    assert [name.partition(".data/data/")[2] for name in installed - expected] == ["lib/systemd/catalog/octra.catalog"]
    assert "octrad = " in programs
    assert "octractl = " in programs
