"""Where Debian comes from is read from apt's own files, in both of their forms."""

from pathlib import Path

import pytest

from tests.system.mirror import find_archives, read_mirror

DEB822 = """Types: deb
# http://old.test/debian
URIs: http://a.test/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://a.test/debian-security
Suites: bookworm-security
Components: main
"""
ONE_LINE = """# deb http://old.test/debian bookworm main
deb https://tools.test/apt tools main
deb http://a.test/debian-security bookworm-security main
deb [arch=amd64 signed-by=/a.gpg] http://b.test/debian/ bookworm main
deb-src http://c.test/debian bookworm main
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (DEB822, ["http://a.test/debian"]),
        (ONE_LINE, ["http://b.test/debian/"]),
        ("", []),
        ("deb http://a.test/debian bookworm-security main\n", []),
    ],
)
def test_only_the_archive_of_debian_itself_is_found(text: str, found: list[str]) -> None:
    assert list(find_archives(text)) == found


def test_the_first_file_that_names_one_decides(tmp_path: Path) -> None:
    with pytest.raises(LookupError):
        read_mirror(tmp_path)
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "debian.sources").write_text(DEB822)
    assert read_mirror(tmp_path) == "http://a.test/debian"
    (tmp_path / "sources.list").write_text(ONE_LINE)
    assert read_mirror(tmp_path) == "http://b.test/debian/"
