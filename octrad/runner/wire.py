"""The inner protocol's messages from and to our own types, on the control plane's side. Pure."""

from typing import assert_never

from octra_proto.runner.v1 import runner_pb2 as pb
from octrad.foundation.finding import Finding
from octrad.runner.edits import Edit, Removal, Replacement, WholeFile
from octrad.runner.operations import (
    AppliedEdits,
    BuiltEnvironment,
    BundleSource,
    CheckedPackages,
    Command,
    CommandResult,
    CreatedTree,
    EmptySource,
    FoundPackage,
    MergedBranch,
    Progress,
    Snapshot,
    SnapshotSource,
    StackEnvironment,
    TreePlace,
    TreeSource,
)
from octrad.runner.reading import DiffSide, FileContent, FileEntry, HostReport


def create_tree_message(task_id: str, source: TreeSource) -> pb.CreateTree:
    """Returns the request for a tree."""
    match source:
        case EmptySource():
            return pb.CreateTree(task_id=task_id, empty=True)
        case BundleSource(bundle_id=bundle_id):
            return pb.CreateTree(task_id=task_id, bundle_id=bundle_id)
        case SnapshotSource(store_path=store_path):
            return pb.CreateTree(task_id=task_id, store_path=store_path)
        case other:
            assert_never(other)


def stack_message(stack: StackEnvironment) -> pb.StackEnvironment:
    """Returns a stack's environment as a message."""
    return pb.StackEnvironment(
        name=stack.name,
        attributes=stack.attributes,
        shell=stack.shell,
        ignore=stack.ignore,
        variables=dict(stack.variables),
    )


def edit_message(edit: Edit) -> pb.Edit:
    """Returns one edit as a message."""
    match edit:
        case WholeFile(path=path, content=content, executable=executable):
            return pb.Edit(path=path, whole_file=pb.WholeFile(content=content, executable=executable))
        case Replacement(path=path, search=search, replace=replace):
            return pb.Edit(path=path, replacement=pb.Replacement(search=search, replace=replace))
        case Removal(path=path):
            return pb.Edit(path=path, remove=True)
        case other:
            assert_never(other)


def command_message(place: TreePlace, command: Command) -> pb.RunCommand:
    """Returns the request for a command."""
    return pb.RunCommand(
        task_id=place.task_id,
        branch=place.branch,
        commit=place.commit,
        environment_hash=command.environment_hash,
        command=command.command,
        network=command.network,
        timeout_s=command.timeout_s,
        commit_subject=command.commit_subject,
    )


def diff_side_message(side: DiffSide) -> pb.DiffSide:
    """Returns one side of a diff as a message."""
    if side.task_id:
        return pb.DiffSide(task_id=side.task_id, commit=side.commit)
    if side.store_path:
        return pb.DiffSide(store_path=side.store_path, commit=side.commit)
    return pb.DiffSide()


def read_progress(progress: pb.Progress) -> Progress:
    """Returns a part of the progress."""
    return Progress(progress.text, progress.skipped_bytes, progress.missed, progress.remark)


def read_created(result: pb.CreateTreeResult) -> CreatedTree:
    """Returns what came of making a tree."""
    return CreatedTree(result.commit, result.base_commit, tuple(result.paths))


def read_built(result: pb.BuildEnvironmentResult) -> BuiltEnvironment:
    """Returns what came of building an environment."""
    return BuiltEnvironment(result.commit, result.environment_hash, result.stand_in)


def read_checked_packages(result: pb.CheckPackagesResult) -> CheckedPackages:
    """Returns what nixpkgs says of packages."""
    found = (FoundPackage(one.attribute, one.name, one.fault, one.unfree) for one in result.packages)
    return CheckedPackages(tuple(found), result.users_flake)


def read_applied(result: pb.ApplyEditsResult) -> AppliedEdits:
    """Returns what came of edits."""
    return AppliedEdits(result.commit, tuple(result.paths), tuple(result.refusals))


def read_command(result: pb.RunCommandResult) -> CommandResult:
    """Returns how a command ended."""
    return CommandResult(
        exit_code=result.exit_code,
        limit=result.limit,
        duration_ms=result.duration_ms,
        head=result.head,
        tail=result.tail,
        output_bytes=result.output_bytes,
        commit=result.commit,
        tree_hash=result.tree_hash,
        paths=tuple(result.paths),
    )


def read_merged(result: pb.MergeBranchResult) -> MergedBranch:
    """Returns what came of a merge."""
    return MergedBranch(result.commit, tuple(result.conflicts), tuple(result.paths))


def read_snapshot_taken(result: pb.TakeSnapshotResult) -> Snapshot:
    """Returns a snapshot."""
    return Snapshot(result.store_path, result.nar_hash, result.size_bytes, result.tree_hash, result.unchanged)


def read_entry(entry: pb.FileEntry) -> FileEntry:
    """Returns a file of a commit."""
    return FileEntry(entry.path, entry.size_bytes, entry.kind)


def read_content(file: pb.FileContent) -> FileContent:
    """Returns a file's content."""
    return FileContent(file.path, file.content, file.truncated, file.binary)


def read_host(response: pb.InspectHostResponse) -> HostReport:
    """Returns what a machine offers and lacks."""
    findings = tuple(Finding(found.name, found.ok, found.detail, found.hint) for found in response.findings)
    return HostReport(
        findings=findings,
        nix_version=response.nix_version,
        store_dir=response.store_dir,
        nixpkgs=response.nixpkgs,
        stand_in=response.stand_in,
        running=response.running,
    )
