"""Which packages may come into a project's environment: by the configuration, and by what nixpkgs says of them. Pure.

Names come from models. A denial has to hold however a package is named: nixpkgs is reachable from within itself
(`pkgs.nmap`, `python3Packages.pkgs.nmap`), so a denied pattern is looked for after every dot, and in the package's own
name.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from octrad.foundation.config import Packages
from octrad.runner.operations import CheckedPackages, FoundPackage
from octrad.tasks.events import RefusedPackage

USERS_FLAKE = "the project has a flake.nix that its user wrote: only the user adds packages to it"
_ATTRIBUTE = re.compile(r"[A-Za-z_][A-Za-z0-9_+-]*(?:\.[A-Za-z_][A-Za-z0-9_+-]*)*\Z")
_WILDCARDS = {"**": ".*", "*": r"[^.]*"}


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of packages that were asked for.

    Args:
        granted: may come into the environment.
        present: are there already.
        refused: do not, each with its reason.
        unfree: whether a licence among the granted ones is not free.
    """

    granted: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    refused: tuple[RefusedPackage, ...] = ()
    unfree: bool = False


def is_attribute(name: str) -> bool:
    """Whether a name can be one of a package of nixpkgs."""
    return _ATTRIBUTE.match(name) is not None


def judge_names(asked: Sequence[str], present: Collection[str], policy: Packages) -> Judged:
    """What can be said before nixpkgs is asked; the granted ones are still to be looked for there."""
    judged = Judged()
    for package in dict.fromkeys(asked):
        if package in present:
            judged = replace(judged, present=(*judged.present, package))
        elif reason := _refuse_name(package, policy):
            judged = refuse(judged, package, reason)
        else:
            judged = replace(judged, granted=(*judged.granted, package))
    return judged


def judge_found(judged: Judged, checked: CheckedPackages, had: int, policy: Packages) -> Judged:
    """What is said in the end; `had` counts the packages that the task has got already."""
    if checked.users_flake:
        return refuse_granted(judged, USERS_FLAKE)
    left = replace(judged, granted=())
    for found in checked.packages:
        if reason := _refuse_found(found, policy):
            left = refuse(left, found.attribute, reason)
        elif had + len(left.granted) >= policy.per_task:
            left = refuse(left, found.attribute, f"a task gets at most {policy.per_task} packages besides its stack's")
        else:
            left = replace(left, granted=(*left.granted, found.attribute), unfree=left.unfree or found.unfree)
    return left


def refuse_granted(judged: Judged, reason: str) -> Judged:
    """Refuses for one reason what had been granted."""
    for package in judged.granted:
        judged = refuse(judged, package, reason)
    return replace(judged, granted=(), unfree=False)


def refuse(judged: Judged, package: str, reason: str) -> Judged:
    """Refuses one package more."""
    return replace(judged, refused=(*judged.refused, RefusedPackage(package, reason)))


def matches(pattern: str, attribute: str) -> bool:
    """Whether a dotted attribute is one of those that a pattern of the configuration stands for."""
    parts = re.split(r"(\*\*|\*)", pattern)
    return re.fullmatch("".join(_WILDCARDS.get(part, re.escape(part)) for part in parts), attribute) is not None


def _refuse_name(package: str, policy: Packages) -> str:
    if not is_attribute(package):
        return "it is not the name of a package of nixpkgs"
    if not any(matches(pattern, package) for pattern in policy.allow):
        return "the configuration does not allow it (`packages.allow`)"
    return _refuse_denied(package, policy)


def _refuse_found(found: FoundPackage, policy: Packages) -> str:
    if found.fault:
        return f"it {found.fault}"
    if found.unfree and not any(matches(pattern, found.attribute) for pattern in policy.unfree):
        return "its licence is not free, and the configuration does not permit that (`packages.unfree`)"
    return _refuse_denied(found.name, policy)


def _refuse_denied(name: str, policy: Packages) -> str:
    segments = name.split(".")
    endings = [".".join(segments[start:]) for start in range(len(segments))]
    if any(matches(pattern, ending) for pattern in policy.deny for ending in endings):
        return "the configuration denies it (`packages.deny`)"
    return ""
