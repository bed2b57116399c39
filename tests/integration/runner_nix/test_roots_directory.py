"""A place for the roots of snapshots that the runner cannot use is named before it starts, and by octrad check."""

import os
from pathlib import Path

import pytest

from octrad.foundation.errors import ConfigurationError
from octrad.runner.server.nix.roots_directory import inspect_roots_directory, make_roots_directory


def test_directory_is_made_and_may_be_there_already(tmp_path: Path) -> None:
    path = tmp_path / "gcroots" / "octra"
    found = inspect_roots_directory(path)
    assert (found.ok, found.detail) == (True, f"{path} will be made")
    assert not path.exists()
    for _ in range(2):
        make_roots_directory(path)
    assert inspect_roots_directory(path).detail == str(path)


def test_what_is_no_directory_is_refused_by_the_name_of_the_key(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not inspect_roots_directory(tmp_path / "file" / "roots").ok
    with pytest.raises(ConfigurationError, match=r"`snapshots\.roots_dir`: .*file is no directory"):
        make_roots_directory(tmp_path / "file" / "roots")


def test_what_the_kernel_refuses_is_told_with_its_reason() -> None:
    with pytest.raises(ConfigurationError, match=r"`snapshots\.roots_dir`: cannot make /proc/roots|not writable"):
        make_roots_directory(Path("/proc/roots"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_what_may_not_be_written_is_refused() -> None:
    assert not inspect_roots_directory(Path("/roots")).ok
