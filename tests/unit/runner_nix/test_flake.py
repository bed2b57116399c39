import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.foundation.config import NIXPKGS_PIN
from octrad.foundation.errors import InvalidRequestError
from octrad.runner.operations import StackEnvironment
from octrad.runner.server.nix.flake import (
    attribute_path,
    flake_text,
    is_unchanged_since_written,
    nix_string,
)
from octrad.runner.server.nix.flake_lock import PIN_URL, pinned_lock_text
from octrad.runner.server.nix.ignore_file import with_ignored

GOLDEN = Path(__file__).parent / "golden"
RUST = StackEnvironment("rust", ("cargo", "rustc"), "mkShell", variables={"RUST_BACKTRACE": "1", "in": 'a "${b}"'})


def test_the_flake_of_a_stack_is_the_golden_one() -> None:
    text = flake_text('A "todo" ${list}', RUST, ["phpPackages.composer", "cargo", "beam.if.7zip"], PIN_URL)
    assert text == (GOLDEN / "flake.nix").read_text()


def test_the_flake_without_anything_is_the_golden_one() -> None:
    assert flake_text("", StackEnvironment("none"), [], PIN_URL) == (GOLDEN / "empty-flake.nix").read_text()


def test_the_flake_with_unfree_packages_is_the_golden_one() -> None:
    text = flake_text("", StackEnvironment("none"), ["steam"], PIN_URL, unfree=True)
    assert text == (GOLDEN / "unfree-flake.nix").read_text()


def test_the_lock_of_the_pin_is_the_golden_one() -> None:
    assert pinned_lock_text() == (GOLDEN / "flake.lock").read_text()
    locked = json.loads(pinned_lock_text())["nodes"]["nixpkgs"]["locked"]
    assert f"github:{locked['owner']}/{locked['repo']}/{locked['rev']}" == NIXPKGS_PIN


@pytest.mark.parametrize(
    ("text", "nix"),
    [
        ('${builtins.readFile "/etc/shadow"}', '"\\${builtins.readFile \\"/etc/shadow\\"}"'),
        ("$${x}", '"\\$\\${x}"'),
        ('\\"; x = 1', '"\\\\\\"; x = 1"'),
        ("a\nb\r\tc\0", '"a\\nb\\r\\tc"'),
        ("''", "\"''\""),
    ],
)
def test_text_stays_text(text: str, nix: str) -> None:
    assert nix_string(text) == nix


@given(st.text())
def test_no_text_ends_its_string(text: str) -> None:
    inner = nix_string(text)[1:-1].replace("\\\\", "")
    assert '"' not in inner.replace('\\"', "")
    assert "$" not in inner.replace("\\$", "")
    assert "\n" not in inner


@pytest.mark.parametrize(
    "name", ["", ".", "a..b", "a b", "a;b", "${x}", "a.b}", "-a", "a/b", "a\n", "é", ".".join("abcdefghi"), "a" * 101]
)
def test_what_is_no_attribute_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequestError, match="not an attribute"):
        attribute_path(name)


@pytest.mark.parametrize(
    ("name", "nix"),
    [("go", "go"), ("ocamlPackages.dune_3", "ocamlPackages.dune_3"), ("a.7zip", 'a."7zip"'), ("x.or", 'x."or"')],
)
def test_attributes_are_written_as_nix_reads_them(name: str, nix: str) -> None:
    assert attribute_path(name) == nix


def test_a_kind_of_shell_and_a_variable_are_checked() -> None:
    with pytest.raises(InvalidRequestError, match="mkShellNoCC"):
        flake_text("", StackEnvironment("x", (), "stdenv.mkDerivation"), [], PIN_URL)
    with pytest.raises(InvalidRequestError, match="variable"):
        flake_text("", StackEnvironment("x", variables={"A B": ""}), [], PIN_URL)


def test_our_flake_is_known_until_somebody_changes_it() -> None:
    text = flake_text("x", RUST, [], PIN_URL)
    assert is_unchanged_since_written(text)
    assert not is_unchanged_since_written(text.replace("pkgs.cargo", "pkgs.evil"))
    assert not is_unchanged_since_written(text.partition("\n")[2])
    assert not is_unchanged_since_written("")


@pytest.mark.parametrize(
    ("text", "patterns", "result"),
    [
        ("", [], ""),
        ("", ["a/", "a/", " "], "a/\n"),
        ("mine", ["a/"], "mine\na/\n"),
        ("a/\nmine\n", ["a/"], "a/\nmine\n"),
        ("", ["x\ny"], "x y\n"),
    ],
)
def test_ignored_output_is_added_once(text: str, patterns: list[str], result: str) -> None:
    assert with_ignored(text, patterns) == result
