from pathlib import Path

import pytest

from octrad.foundation.errors import OctraError
from octrad.foundation.postgres.migrations import read_migrations


def test_files_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "0002_more.sql").write_text("SELECT 2")
    (tmp_path / "0001_first.sql").write_text("SELECT 1")
    assert [(m.number, m.name, m.text) for m in read_migrations(tmp_path)] == [
        (1, "first", "SELECT 1"),
        (2, "more", "SELECT 2"),
    ]


@pytest.mark.parametrize("names", [["0002_b.sql"], ["0001_a.sql", "0001_b.sql"], ["1_a.sql"], ["0001-a.sql"]])
def test_misnumbered_files_are_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(OctraError):
        read_migrations(tmp_path)
