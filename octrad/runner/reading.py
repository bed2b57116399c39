"""What the runner can be asked to show, and what comes back: types of our own for the reads of the inner protocol.

Pure.
"""

from dataclasses import dataclass

from octrad.foundation.finding import Finding


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of a commit. `kind` is file, executable or symlink."""

    path: str
    size_bytes: int
    kind: str


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file's text, perhaps cut; of a symbolic link, its target. Empty when it is binary."""

    path: str
    content: str
    truncated: bool
    binary: bool


@dataclass(frozen=True, slots=True)
class OutputPart:
    """A part of a command's whole output. `complete`: the command ended, and this reaches its end."""

    chunk: bytes
    next_offset: int
    complete: bool


@dataclass(frozen=True, slots=True)
class ImportedBundle:
    """A git bundle that was checked and is kept for a day."""

    bundle_id: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DiffSide:
    """One side of a diff: a commit of a task's tree or of a snapshot; all empty means nothing at all."""

    commit: str = ""
    task_id: str = ""
    store_path: str = ""


@dataclass(frozen=True, slots=True)
class HostReport:
    """What this machine offers and lacks, and how many operations run."""

    findings: tuple[Finding, ...]
    nix_version: str
    store_dir: str
    nixpkgs: str
    stand_in: bool
    running: int
