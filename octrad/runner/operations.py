"""What the runner can be asked to do, and what comes back: the inner protocol in types of our own.

Pure. Every operation carries a request id `TASK/STEP/#ATTEMPT` beside these and is executed at most once for it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

MAIN_BRANCH = "main"


@dataclass(frozen=True, slots=True)
class EmptySource:
    """A new project."""


@dataclass(frozen=True, slots=True)
class BundleSource:
    """A repository that was imported as a git bundle."""

    bundle_id: str


@dataclass(frozen=True, slots=True)
class SnapshotSource:
    """A snapshot in the Nix store."""

    store_path: str


TreeSource = EmptySource | BundleSource | SnapshotSource


@dataclass(frozen=True, slots=True)
class TreePlace:
    """Where a step works: a branch of a task's tree (`main` or a worker's), reset to a commit first."""

    task_id: str
    branch: str
    commit: str


@dataclass(frozen=True, slots=True)
class StackEnvironment:
    """What a stack's data says of its environment: nixpkgs attributes, kind of shell, .gitignore lines, variables."""

    name: str
    attributes: tuple[str, ...] = ()
    shell: str = "mkShellNoCC"
    ignore: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Command:
    """A command line for bash in the sandbox.

    `timeout_s` 0 means the configured limit, which is also the greatest. With a `commit_subject`, what the command
    changed is committed under it if it exited 0.
    """

    command: str
    environment_hash: str
    network: bool = False
    timeout_s: float = 0.0
    commit_subject: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """A part of a command's output as it came, or (a remark) a line of the runner about what it is doing.

    `skipped_bytes` of output were left out before it; `missed` messages before it are no longer held.
    """

    text: str
    skipped_bytes: int = 0
    missed: int = 0
    is_remark: bool = False


OnProgress = Callable[[Progress], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class CreatedTree:
    """`base_commit` is what the task's changes are counted from; empty for a new project."""

    commit: str
    base_commit: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BuiltEnvironment:
    """The commit that has the flake, and the captured environment; `stand_in` when the host's tools stood in."""

    commit: str
    environment_hash: str
    stand_in: bool


@dataclass(frozen=True, slots=True)
class FoundPackage:
    """What nixpkgs says of an attribute.

    `name` is what the package itself is called, which aliases do not hide; `fault` why it cannot be had, empty when it
    can; `unfree` that its licence is not free.
    """

    attribute: str
    name: str = ""
    fault: str = ""
    unfree: bool = False


@dataclass(frozen=True, slots=True)
class CheckedPackages:
    """What was asked about, in its order; nothing of it where the project has a flake that its user wrote."""

    packages: tuple[FoundPackage, ...]
    users_flake: bool = False


@dataclass(frozen=True, slots=True)
class AppliedEdits:
    """The new commit, or, with refusals (one line each), the given one: then nothing was applied."""

    commit: str
    paths: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command ended.

    `limit` is `timeout`, `output`, `memory`, `disk` or empty: what ended it. `head` and `tail` are the first and last
    part of its output, free of control characters; `tail` is empty when `head` holds everything. `paths` is what it
    changed, when that was committed.
    """

    exit_code: int
    limit: str
    duration_ms: int
    head: str
    tail: str
    output_bytes: int
    commit: str
    tree_hash: str
    paths: tuple[str, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether it exited 0 by itself."""
        return self.exit_code == 0 and not self.limit


@dataclass(frozen=True, slots=True)
class MergedBranch:
    """The merge, or, with conflicts (paths), main's commit: then nothing was merged."""

    commit: str
    conflicts: tuple[str, ...]
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A rooted path of the Nix store. `unchanged` when the same tree was there already."""

    store_path: str
    nar_hash: str
    size_bytes: int
    tree_hash: str
    unchanged: bool
