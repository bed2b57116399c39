from typing import Any

import pytest

from octrad.foundation.config import Packages
from octrad.pipeline.package_policy import (
    USERS_FLAKE,
    Judged,
    is_attribute,
    judge_found,
    judge_names,
    matches,
)
from octrad.runner.operations import CheckedPackages, FoundPackage
from octrad.tasks.events import RefusedPackage


@pytest.mark.parametrize(
    ("pattern", "attribute", "fits"),
    [
        ("jq", "jq", True),
        ("jq", "jql", False),
        ("*", "jq", True),
        ("*", "python3Packages.requests", False),
        ("**", "python3Packages.requests", True),
        ("python3Packages.*", "python3Packages.requests", True),
        # Otherwise what is allowed of one set would open all others through it.
        ("python3Packages.*", "python3Packages.pkgs.nmap", False),
        ("python*Packages.requests", "python311Packages.requests", True),
        ("linux*", "linuxHeaders", True),
        ("a.b", "axb", False),
        ("", "", True),
        ("[a", "[a", True),
    ],
)
def test_patterns(pattern: str, attribute: str, *, fits: bool) -> None:
    assert matches(pattern, attribute) is fits


@pytest.mark.parametrize("name", ["", "a b", "${x}", "a;b", "../x", "a..b", ".a", "a.", 'a"', "-a", "1a", "a\n", "é"])
def test_what_is_no_attribute(name: str) -> None:
    assert not is_attribute(name)
    [refused] = judge_names([name], (), Packages()).refused
    assert "not the name" in refused.reason


@pytest.mark.parametrize(
    ("policy", "package", "reason"),
    [
        ({}, "jq", ""),
        ({"allow": ()}, "jq", "packages.allow"),
        ({"allow": ("jq", "python3Packages.*")}, "python3Packages.requests", ""),
        ({"allow": ("jq",)}, "sqlite", "packages.allow"),
        ({"deny": ("nmap",)}, "nmap", "packages.deny"),
        ({"deny": ("nmap",)}, "nmapsi4", ""),
        ({"allow": ("nmap",), "deny": ("nmap",)}, "nmap", "packages.deny"),
        ({"deny": ("nmap",)}, "pkgs.nmap", "packages.deny"),
        ({"deny": ("nmap",)}, "python3Packages.pkgs.pkgsStatic.nmap", "packages.deny"),
        ({"deny": ("python3Packages.*",)}, "pkgs.python3Packages.torch", "packages.deny"),
        ({"deny": ("**",)}, "jq", "packages.deny"),
    ],
)
def test_names_are_judged_before_nixpkgs_is_asked(policy: dict[str, Any], package: str, reason: str) -> None:
    judged = judge_names([package], (), Packages(**policy))
    if reason:
        assert judged.granted == ()
        assert reason in judged.refused[0].reason
    else:
        assert judged == Judged(granted=(package,))


@pytest.mark.parametrize(
    ("policy", "found", "reason"),
    [
        ({}, FoundPackage("jq", "jq"), ""),
        ({}, FoundPackage("x", fault="does not exist in nixpkgs"), "it does not exist in nixpkgs"),
        ({}, FoundPackage("steam", "steam", unfree=True), "packages.unfree"),
        ({"unfree": ("steam",)}, FoundPackage("steam", "steam", unfree=True), ""),
        ({"unfree": ("**",)}, FoundPackage("a.steam", "steam", unfree=True), ""),
        ({"unfree": ("**",)}, FoundPackage("steam", "steam", "is marked as broken", unfree=True), "broken"),
        # Another name for the same.
        ({"deny": ("nmap",)}, FoundPackage("portscanner", "nmap"), "packages.deny"),
    ],
)
def test_packages_are_judged_by_what_nixpkgs_says(policy: dict[str, Any], found: FoundPackage, reason: str) -> None:
    judged = judge_found(Judged(granted=(found.attribute,)), CheckedPackages((found,)), 0, Packages(**policy))
    assert judged.unfree is (found.unfree and not reason)
    assert judged.granted == (() if reason else (found.attribute,))
    assert [one.reason for one in judged.refused if reason not in one.reason] == []


def test_each_is_judged_once_and_what_is_there_is_not_asked_for() -> None:
    judged = judge_names(["jq", "git", "jq", "a b"], {"git"}, Packages())
    assert (judged.granted, judged.present) == (("jq",), ("git",))
    assert [one.package for one in judged.refused] == ["a b"]


def test_a_task_gets_so_many_and_no_more() -> None:
    checked = CheckedPackages(tuple(FoundPackage(name) for name in ("a", "b", "c")))
    judged = judge_found(Judged(granted=("a", "b", "c")), checked, 2, Packages(per_task=4))
    assert judged.granted == ("a", "b")
    assert judged.refused == (RefusedPackage("c", "a task gets at most 4 packages besides its stack's"),)


def test_a_users_flake_is_the_users() -> None:
    judged = judge_found(Judged(granted=("a",), present=("b",)), CheckedPackages((), users_flake=True), 0, Packages())
    assert judged == Judged(present=("b",), refused=(RefusedPackage("a", USERS_FLAKE),))
