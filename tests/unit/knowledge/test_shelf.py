"""A user's file takes the place of the shipped one of its name; a broken one is named and the rest goes on working."""

from pathlib import Path

from octrad.knowledge.library import read_library
from octrad.knowledge.shelf import FILE_BYTES
from tests.unit.knowledge.guide_files import guide_named


def put(directory: Path, name: str, content: str | bytes) -> None:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def test_own_file_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    put(tmp_path, "guides/cargo.toml", guide_named("cargo"))
    library = read_library(tmp_path)
    assert library.guides["cargo"].title == "Zag, our way"
    assert library.own == ("guides/cargo",)
    assert set(library.guides) == set(read_library().guides)


def test_own_file_of_a_new_name_is_one_more(tmp_path: Path) -> None:
    put(tmp_path, "stacks/cobol.toml", 'name = "cobol"\ntitle = "COBOL"\nattributes = ["gnucobol"]\nshell = "mkShell"')
    library = read_library(tmp_path)
    assert library.stacks["cobol"].attributes == ("gnucobol",)
    assert len(library.stacks) == len(read_library().stacks) + 1


def test_broken_files_are_named_and_the_shipped_ones_stay(tmp_path: Path) -> None:
    put(tmp_path, "guides/cargo.toml", "no title")
    put(tmp_path, "guides/go.toml", b"# Go\n\xff\xfe")
    put(tmp_path, "guides/npm.toml", guide_named("npm") + "#" * FILE_BYTES)
    put(tmp_path, "stacks/rust.toml", "name =")
    (tmp_path / "guides" / "pip.toml").mkdir()
    put(tmp_path, "guides/zag.toml", guide_named("zag"))
    library, shipped = read_library(tmp_path), read_library()
    assert library.own == ("guides/zag",)
    assert library.guides["cargo"] == shipped.guides["cargo"]
    assert library.stacks == shipped.stacks
    said = sorted(library.faults)
    for name, fault in zip(["cargo.toml", "go.toml", "npm.toml", "pip.toml", "rust.toml"], said, strict=True):
        assert name in fault
        assert str(tmp_path) in fault


def test_directory_that_is_not_there_is_no_fault(tmp_path: Path) -> None:
    assert read_library(tmp_path / "nowhere").faults == ()


def test_kind_that_is_no_directory_is_a_fault(tmp_path: Path) -> None:
    put(tmp_path, "guides", "not a directory")
    [fault] = read_library(tmp_path).faults
    assert "guides" in fault


def test_digest_follows_every_byte(tmp_path: Path) -> None:
    shipped = read_library().digest
    put(tmp_path, "guides/zag.toml", guide_named("zag"))
    once = read_library(tmp_path).digest
    put(tmp_path, "guides/zag.toml", guide_named("zag") + " ")
    assert len({shipped, once, read_library(tmp_path).digest}) == 3
    assert read_library().digest == shipped


def test_own_skill_goes_before_the_shipped_one_and_is_searched(tmp_path: Path) -> None:
    shipped = read_library().skill_shelf.entries["vpn-mtu"]
    head = '+++\nname = "Our links"\nslug = "vpn-mtu"\narea = "VPN"\nkeywords = ["zeppelin"]\n+++\n'
    put(tmp_path, "skills/vpn-mtu.md", f"{head}One.\nTwo.\nThree.\n")
    put(tmp_path, "skills/vpn-keys.md", f"{head}One.\n")
    library = read_library(tmp_path)
    assert library.own == ("skills/vpn-mtu",)
    [fault] = library.faults
    assert "vpn-keys.md" in fault
    assert library.skill_shelf.entries["vpn-mtu"] != shipped
    [found] = library.warehouse.search("", "", "a zeppelin", 3)
    assert found.skill.text == "One.\nTwo.\nThree."
    assert "vpn-keys" in library.skill_shelf.entries
    assert library.digest != read_library().digest
