"""What Nix says when a flake does not make an environment, in words that say what to do. Pure."""

import re

from octrad.foundation.errors import ConfigurationError, InvalidRequestError, OctraError, UnavailableError

_MISSING = re.compile(r"error: (?:attribute '([^']+)' missing|undefined variable '([^']+)')")
# The line of the flake that Nix points at: `   4|     packages = [ pkgs.a.b ];`, with a caret below.
_POINTED = re.compile(r"^\s*\d+\|(?P<code>[^\n]*)\n\s*\|(?P<caret>[ ]*)\^", re.MULTILINE)
_ATTRIBUTE_AT = re.compile(r"pkgs\.([A-Za-z0-9_.'\"-]+)")
# What nixpkgs itself, or its stand-in, says of attributes that are there and cannot be had.
_UNAVAILABLE = re.compile(
    r"error: (?P<reason>[^\n]*(?:has been removed|was removed|has an unfree license|is marked as (?:broken|insecure)"
    r"|is not available on the requested hostPlatform|this machine has no /usr/bin/)[^\n]*)"
)
_NO_NETWORK = re.compile(
    r"unable to download|[Cc]ouldn't resolve host|Could not resolve host|Connection refused|timed out"
)
_NO_SHELL = "does not provide attribute"
_NETWORK_HINT = "give the machine network, or set nix.nixpkgs to a path or to `stand-in`"


def explain(stderr: str, exit_code: int, nixpkgs: str) -> OctraError | None:
    """The error to raise in place of that of Nix; None where we know nothing better.

    Args:
        stderr: what `nix print-dev-env` or `nix flake lock` said when it failed.
        exit_code: 127 when there is no such program.
        nixpkgs: what stands for nixpkgs, for people.
    """
    missing = _MISSING.search(stderr)
    if missing is not None:
        name = _whole_attribute(stderr[missing.end() :]) or missing[1] or missing[2]
        return InvalidRequestError(f"`{name}` does not exist in nixpkgs ({nixpkgs})", field="packages")
    if unavailable := _UNAVAILABLE.search(stderr):
        return InvalidRequestError(f"nixpkgs ({nixpkgs}): {unavailable['reason'].strip()}", field="packages")
    if _NO_SHELL in stderr:
        return InvalidRequestError(
            "the project's flake.nix has no devShells.default for this system", field="flake.nix"
        )
    if _NO_NETWORK.search(stderr):
        return UnavailableError(f"nixpkgs ({nixpkgs}) cannot be fetched", hint=_NETWORK_HINT)
    if exit_code == 127:
        return ConfigurationError("Nix is not installed", hint="apt-get install nix-bin, or https://nixos.org/download")
    return None


def _whole_attribute(stderr: str) -> str:
    pointed = _POINTED.search(stderr)
    if pointed is None:
        return ""
    names = [match for match in _ATTRIBUTE_AT.finditer(pointed["code"]) if match.start() <= len(pointed["caret"])]
    return names[-1][1] if names else ""
