"""The text of a project's flake.nix. Pure.

Everything that a model or a user chose is data in it: strings are escaped, attribute paths are checked.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence

from octrad.foundation.errors import InvalidRequestError
from octrad.runner.operations import StackEnvironment

SYSTEMS = ("x86_64-linux", "aarch64-linux")
TITLE_CHARACTERS = 200

_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_'-]{0,99}")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_'-]*")
_KEYWORDS = frozenset({"assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with"})
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_SHELLS = ("mkShell", "mkShellNoCC")
_MARK = re.compile(r"# Written by Octra, and written anew as long as nobody changes it: ([0-9a-f]{16})\n")


def flake_text(
    title: str, stack: StackEnvironment, packages: Sequence[str], nixpkgs_url: str, *, unfree: bool = False
) -> str:
    """The flake of a project: one development shell, for every system that Octra runs on.

    With `unfree`, packages whose licences are not free may be among them, and what these need.

    Raises:
        InvalidRequestError: an attribute, a variable or the kind of shell is not one.
    """
    if stack.shell not in _SHELLS:
        raise InvalidRequestError(f"`{stack.shell}` is not a kind of shell; known: {', '.join(_SHELLS)}", field="shell")
    attributes = sorted({attribute_path(name) for name in (*stack.attributes, *packages)})
    body = _TEMPLATE.format(
        description=nix_string(title[:TITLE_CHARACTERS]),
        nixpkgs=nix_string(nixpkgs_url),
        systems=" ".join(nix_string(system) for system in SYSTEMS),
        pkgs=_UNFREE_PKGS if unfree else _PKGS,
        shell=stack.shell,
        packages="".join(f"            pkgs.{name}\n" for name in attributes),
        variables=_variables(stack.variables),
    )
    return f"# Written by Octra, and written anew as long as nobody changes it: {_digest(body)}\n{body}"


def is_unchanged_since_written(text: str) -> bool:
    """Whether `flake_text` wrote a flake and nobody has changed it since."""
    mark = _MARK.match(text)
    return mark is not None and mark[1] == _digest(text[mark.end() :])


def nix_string(text: str) -> str:
    """Text as a Nix string that evaluates to the same text, on one line."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    escaped = escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t").replace("\0", "")
    return f'"{escaped}"'


def attribute_path(name: str) -> str:
    """A dotted attribute path as Nix reads it.

    Raises:
        InvalidRequestError: it is not one.
    """
    return ".".join(segment if _is_identifier(segment) else nix_string(segment) for segment in split_attribute(name))


def split_attribute(name: str) -> list[str]:
    """The parts of a dotted attribute path.

    Raises:
        InvalidRequestError: it is not one.
    """
    segments = name.split(".")
    if len(segments) > 8 or not all(_SEGMENT.fullmatch(segment) for segment in segments):
        raise InvalidRequestError(f"`{name[:100]}` is not an attribute of nixpkgs", field="packages")
    return segments


def _is_identifier(segment: str) -> bool:
    return segment not in _KEYWORDS and _IDENTIFIER.fullmatch(segment) is not None


def _variables(variables: Mapping[str, str]) -> str:
    for name in variables:
        if not _VARIABLE.fullmatch(name):
            raise InvalidRequestError(f"`{name[:100]}` is not the name of a variable", field="variables")
    lines = "".join(f"            {_key(name)} = {nix_string(variables[name])};\n" for name in sorted(variables))
    return f"          env = {{\n{lines}          }};\n" if lines else ""


def _key(name: str) -> str:
    return nix_string(name) if name in _KEYWORDS else name


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]


_PKGS = "nixpkgs.legacyPackages.${system}"
_UNFREE_PKGS = """(
            import nixpkgs {
              inherit system;
              config.allowUnfree = true;
            }
          )"""
_TEMPLATE = """{{
  description = {description};

  inputs.nixpkgs.url = {nixpkgs};

  outputs =
    {{ self, nixpkgs }}:
    let
      forEachSystem =
        shells:
        nixpkgs.lib.genAttrs [ {systems} ] (
          system: shells {pkgs}
        );
    in
    {{
      devShells = forEachSystem (pkgs: {{
        default = pkgs.{shell} {{
          packages = [
{packages}          ];
{variables}        }};
      }});
    }};
}}
"""
