"""Writes the stand-in for nixpkgs: a flake whose packages are links to the programs in this host's /usr/bin.

For machines that cannot have nixpkgs: rehearsals, tests, demonstrations. `stand_in/flake.nix` is the flake;
`stand_in/tools.toml` says which programs an attribute stands for; this module writes what of them is there.
"""

import json
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path

HOST_PROGRAMS = Path("/usr/bin")
MARK_FILE = "stand-in.json"
HOST_PATHS = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ssl/certs",
)

# A tool is its programs, of which the first must be there unless it ends with this; a set of tools nests.
OPTIONAL = "?"
Tools = Mapping[str, "Tools | Sequence[str]"]


def write_stand_in(directory: Path) -> None:
    """Writes the flake, the programs that are there, and the directories that they need. Blocks.

    Raises:
        OSError: the directory cannot be written to.
    """
    directory.mkdir(parents=True, exist_ok=True)
    source = resources.files("octrad.runner.server.nix") / "stand_in"
    tools = present_tools(tomllib.loads((source / "tools.toml").read_text()), _is_on_host)
    _write(directory / "flake.nix", (source / "flake.nix").read_text())
    _write(directory / "tools.json", json.dumps(tools, indent=1, sort_keys=True))
    _write(directory / MARK_FILE, json.dumps({"host_paths": [path for path in HOST_PATHS if Path(path).exists()]}))


def present_tools(tools: Tools, is_present: Callable[[str], bool]) -> dict[str, object]:
    """What of the tools this host has, as the flake reads it: `{"programs": […]}`, nested as they are.

    An attribute that this host has no program for is `{"missing": PROGRAM}`, so that Nix says what is missing here; of
    one that is not in the table it says that it does not exist.
    """
    return {
        name: present_tools(tool, is_present) if isinstance(tool, Mapping) else _present_tool(tool, is_present)
        for name, tool in tools.items()
    }


def _present_tool(programs: Sequence[str], is_present: Callable[[str], bool]) -> dict[str, object]:
    found = [name for program in programs if is_present(name := program.removesuffix(OPTIONAL))]
    needed = next((program for program in programs[:1] if not program.endswith(OPTIONAL)), None)
    return {"programs": found} if needed is None or needed in found else {"missing": needed}


def _is_on_host(program: str) -> bool:
    return os.access(HOST_PROGRAMS / program, os.X_OK)


def _write(path: Path, text: str) -> None:
    if path.is_file() and path.read_text() == text:
        return
    part = path.with_name(f".{path.name}.part")
    part.write_text(text)
    part.replace(path)
