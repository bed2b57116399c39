import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from octrad.foundation.config import Nix
from octrad.foundation.errors import ConfigurationError, InvalidRequestError, UnavailableError
from octrad.runner.server.nix import store as store_module
from octrad.runner.server.nix.evaluation_error import explain
from octrad.runner.server.nix.flake_lock import PIN_URL
from octrad.runner.server.nix.inspect_host import version_of
from octrad.runner.server.nix.keyed_lock import KeyedLock
from octrad.runner.server.nix.nix_base32 import nar_hash_hex
from octrad.runner.server.nix.nix_command import evaluate_argv, print_dev_env_argv
from octrad.runner.server.nix.nixpkgs import Nixpkgs, resolve_nixpkgs
from octrad.runner.server.nix.store import choose_store
from octrad.runner.server.nix.write_stand_in import Tools, present_tools

HEX = "1b6b72fc85d99ba1fa1dfc2a0b5bb8deeb6c1bf7ec1d5b0b21b2a5c9a3cf5d2e"


@pytest.mark.parametrize(
    "text",
    [
        f"sha256:{HEX}",
        "sha256-G2ty/IXZm6H6HfwqC1u43utsG/fsHVsLIbKlyaPPXS4=",
        "sha256:0bjxryiwk9dj445mn7gcywdnrsyyp1dhnapw3pxa36yrhpy74sqv",
    ],
)
def test_every_way_of_writing_a_hash_is_the_same_hash(text: str) -> None:
    # The last two are what `nix hash to-sri` and `--to-base32` make of the first.
    assert nar_hash_hex(text) == f"sha256:{HEX}"


@pytest.mark.parametrize("text", ["", "md5:00", "sha256:zz", "sha256:" + "e" * 52, "sha256-" + "!" * 44, HEX])
def test_what_is_no_hash_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        nar_hash_hex(text)


def test_the_command_line_of_a_capture() -> None:
    stand_in = Nixpkgs("stand-in", PIN_URL, "path:/stand-in", stand_in=True)
    assert print_dev_env_argv(Path("/e/flake"), Path("/e/profile"), stand_in) == [
        *("nix", "print-dev-env", "--json", "--profile", "/e/profile", "--no-write-lock-file"),
        *("--override-input", "nixpkgs", "path:/stand-in", "--option", "substitute", "false", "path:/e/flake"),
    ]
    assert "--override-input" not in print_dev_env_argv(Path("/f"), Path("/p"), Nixpkgs("pin", PIN_URL))


def test_packages_of_a_nixpkgs_on_this_machine_come_from_the_binary_cache() -> None:
    argv = print_dev_env_argv(Path("/f"), Path("/p"), Nixpkgs("path", PIN_URL, "path:/nix/store/abc-source"))
    assert "path:/nix/store/abc-source" in argv
    assert "substitute" not in argv


def test_the_command_line_that_judges_a_package_builds_nothing() -> None:
    stand_in = Nixpkgs("stand-in", PIN_URL, "path:/stand-in", stand_in=True)
    assert evaluate_argv(Path("/e"), "judge", "judge: judge [ ]", stand_in) == [
        *("nix", "eval", "--json", "--no-write-lock-file", "--override-input", "nixpkgs", "path:/stand-in"),
        *("--option", "allow-import-from-derivation", "false", "path:/e#judge", "--apply", "judge: judge [ ]"),
    ]


POINTED = """error: attribute 'b' missing

       at /store/flake.nix:4:5:

            3|   [
            4|     pkgs.a.b
             |     ^
            5| }
"""
TRACED = f"""error:
       … while calling the 'derivationStrict' builtin
         at <nix/derivation-internal.nix>:34:12:
           33|   strict = pkgs.derivation drvAttrs;
             |            ^
       {POINTED}"""
REMOVED = "error:\n  … while evaluating\n\n       error: 'nodePackages' has been removed; use the attribute itself"
NO_NETWORK = "error: unable to download 'https://api.github.com/x': Couldn't resolve host name (6)"
NO_SHELL = "error: flake 'path:/x' does not provide attribute 'devShells.x86_64-linux.default'"


@pytest.mark.parametrize(
    ("stderr", "kind", "words"),
    [
        (POINTED, InvalidRequestError, "`a.b` does not exist"),
        (TRACED, InvalidRequestError, "`a.b` does not exist"),
        (REMOVED, InvalidRequestError, "'nodePackages' has been removed"),
        ("error: attribute 'x' missing", InvalidRequestError, "`x` does not exist"),
        (NO_SHELL, InvalidRequestError, "devShells.default"),
        (NO_NETWORK, UnavailableError, "cannot be fetched"),
    ],
)
def test_what_nix_says_is_said_in_words_that_help(stderr: str, kind: type[Exception], words: str) -> None:
    explained = explain(stderr, 1, "the pin")
    assert explained is not None
    assert type(explained) is kind
    assert words in explained.message


def test_what_we_know_nothing_about_stays_as_it_is() -> None:
    assert explain("error: something else", 1, "x") is None
    assert isinstance(explain("not found: nix", 127, "x"), ConfigurationError)


def test_attributes_without_their_first_program_say_which_is_missing() -> None:
    tools: Tools = {"a": ["p", "q"], "b": ["x", "p"], "c": {"d": ["p"], "e": ["x"]}}
    here, missing = {"programs": ["p"]}, {"missing": "x"}
    assert present_tools(tools, {"p"}.__contains__) == {"a": here, "b": missing, "c": {"d": here, "e": missing}}


def test_attributes_that_only_people_use_and_libraries_are_there_without_a_program() -> None:
    tools: Tools = {"a": ["x?"], "b": ["x?", "p"], "c": []}
    assert present_tools(tools, {"p"}.__contains__) == {
        "a": {"programs": []},
        "b": {"programs": ["p"]},
        "c": {"programs": []},
    }


@pytest.mark.parametrize(
    ("text", "version"), [("git version 2.39.5", (2, 39, 5)), ("nix (Nix) 2.8.0", (2, 8, 0)), ("?", ())]
)
def test_versions_are_found(text: str, version: Sequence[int]) -> None:
    assert version_of(text) == version


@pytest.mark.parametrize("found", ["daemon", "writable store", "nothing"])
def test_auto_takes_the_machines_store_where_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: str
) -> None:
    (tmp_path / "socket").touch()
    monkeypatch.setattr(store_module, "DAEMON_SOCKET", tmp_path / ("socket" if found == "daemon" else "none"))
    monkeypatch.setattr(store_module, "SYSTEM_STORE", tmp_path if found == "writable store" else tmp_path / "none")
    assert choose_store(Nix(), tmp_path / "runner").private is (found == "nothing")
    assert choose_store(Nix(store="private"), tmp_path / "runner").private
    if found == "nothing":
        with pytest.raises(ConfigurationError, match="no Nix daemon"):
            choose_store(Nix(store="system"), tmp_path / "runner")


@pytest.mark.parametrize("reference", ["nixpkgs", "relative/path", "/no/such/place"])
async def test_a_nixpkgs_that_is_none_is_a_fault_of_the_configuration(tmp_path: Path, reference: str) -> None:
    with pytest.raises(ConfigurationError, match=r"nix\.nixpkgs"):
        await resolve_nixpkgs(Nix(nixpkgs=reference), tmp_path)


async def test_one_at_a_time_for_a_key_and_nothing_is_kept() -> None:
    lock, order = KeyedLock(), list[str]()

    async def work(key: str) -> None:
        async with lock.hold(key):
            order.append(f"{key} in")
            await asyncio.sleep(0)
            order.append(f"{key} out")

    await asyncio.gather(work("a"), work("a"), work("b"))
    assert order.index("a out") < len(order) - 1 - order[::-1].index("a in")
    assert order.index("b in") < order.index("a out")
    assert not lock._locks  # noqa: SLF001 - that nothing is kept cannot be seen from outside
