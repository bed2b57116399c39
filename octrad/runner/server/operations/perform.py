"""From the request of an operation to what carries it out, and back to the protocol's result."""

from typing import assert_never

from octra_proto.runner.v1 import runner_pb2 as pb
from octrad.foundation.errors import InvalidRequestError
from octrad.foundation.once.messages import Report
from octrad.runner.operations import MAIN_BRANCH, CreatedTree, StackEnvironment
from octrad.runner.server.nix.build_environment import EnvironmentRequest, build_environment
from octrad.runner.server.nix.check_packages import check_packages
from octrad.runner.server.nix.read_snapshot import create_tree_from_snapshot
from octrad.runner.server.nix.take_snapshot import take_snapshot
from octrad.runner.server.nix.unroot_snapshot import unroot_snapshot
from octrad.runner.server.operations.edit_branch import edit_branch
from octrad.runner.server.operations.run_command import run_command
from octrad.runner.server.secrets.refuse_secrets import refuse_secrets
from octrad.runner.server.trees.create_tree import (
    create_empty_tree,
    create_tree_from_bundle,
)
from octrad.runner.server.trees.merge_branch import merge_branch
from octrad.runner.server.trees.remove_tree import remove_tree
from octrad.runner.server.trees.task_tree import existing_tree, task_tree
from octrad.runner.server.workshop import Workshop

_HOUR_S = 3600.0


async def perform(workshop: Workshop, request: pb.ExecuteRequest, report: Report) -> pb.Finished:  # noqa: C901 - a table of operations
    """Carries out one operation.

    Raises:
        OctraError: as the operation says.
    """
    match request.WhichOneof("operation"):
        case "create_tree":
            finished = await _create_tree(workshop, request.create_tree)
        case "build_environment":
            finished = await _build_environment(workshop, request.build_environment, report)
        case "check_packages":
            finished = await _check_packages(workshop, request.check_packages)
        case "apply_edits":
            finished = await edit_branch(workshop, request.apply_edits)
        case "run_command":
            finished = await run_command(workshop, request.id, request.run_command, report)
        case "merge_branch":
            finished = await _merge_branch(workshop, request.merge_branch)
        case "take_snapshot":
            finished = await _take_snapshot(workshop, request.take_snapshot)
        case "remove_tree":
            finished = await _remove_tree(workshop, request.remove_tree)
        case "unroot_snapshot":
            finished = await _unroot_snapshot(workshop, request.unroot_snapshot)
        case None:
            raise InvalidRequestError("the request names no operation", field="operation")
        case other:
            assert_never(other)
    return finished


async def _create_tree(workshop: Workshop, request: pb.CreateTree) -> pb.Finished:
    async with workshop.locks.hold_tree(request.task_id):
        created = await _create(workshop, request)
    result = pb.CreateTreeResult(commit=created.commit, base_commit=created.base_commit, paths=created.paths)
    return pb.Finished(create_tree=result)


async def _create(workshop: Workshop, request: pb.CreateTree) -> CreatedTree:
    tree = task_tree(workshop.runner_dir, request.task_id)
    match request.WhichOneof("source"):
        case "empty":
            return await create_empty_tree(tree)
        case "bundle_id":
            return await create_tree_from_bundle(tree, workshop.bundles_dir, request.bundle_id)
        case "store_path":
            return await create_tree_from_snapshot(tree, workshop.store, request.store_path)
        case None:
            raise InvalidRequestError("the request names no source of the tree", field="source")
        case other:
            assert_never(other)


async def _build_environment(workshop: Workshop, request: pb.BuildEnvironment, report: Report) -> pb.Finished:
    tree = existing_tree(workshop.runner_dir, request.task_id)
    stack = StackEnvironment(
        name=request.stack.name,
        attributes=tuple(request.stack.attributes),
        shell=request.stack.shell,
        ignore=tuple(request.stack.ignore),
        variables=dict(request.stack.variables),
    )
    asked = EnvironmentRequest(request.title, stack, tuple(request.packages), request.unfree, request.subject)
    report(pb.Progress(text=f"building the environment of stack {stack.name}", remark=True).SerializeToString())
    async with workshop.locks.hold_branches(request.task_id, MAIN_BRANCH):
        built = await build_environment(tree, request.commit, asked, workshop.builder)
    result = pb.BuildEnvironmentResult(
        commit=built.commit, environment_hash=built.environment_hash, stand_in=built.stand_in
    )
    return pb.Finished(build_environment=result)


async def _check_packages(workshop: Workshop, request: pb.CheckPackages) -> pb.Finished:
    tree = existing_tree(workshop.runner_dir, request.task_id)
    checked = await check_packages(tree, request.commit, request.attributes, workshop.builder)
    packages = [
        pb.FoundPackage(attribute=found.attribute, name=found.name, fault=found.fault, unfree=found.unfree)
        for found in checked.packages
    ]
    return pb.Finished(check_packages=pb.CheckPackagesResult(packages=packages, users_flake=checked.users_flake))


async def _merge_branch(workshop: Workshop, request: pb.MergeBranch) -> pb.Finished:
    tree = existing_tree(workshop.runner_dir, request.task_id)
    async with workshop.locks.hold_branches(request.task_id, MAIN_BRANCH, request.branch):
        merged = await merge_branch(tree, request.commit, request.branch_commit, request.subject)
    result = pb.MergeBranchResult(commit=merged.commit, conflicts=merged.conflicts, paths=merged.paths)
    return pb.Finished(merge_branch=result)


async def _take_snapshot(workshop: Workshop, request: pb.TakeSnapshot) -> pb.Finished:
    tree = existing_tree(workshop.runner_dir, request.task_id)
    async with workshop.locks.hold_branches(request.task_id, MAIN_BRANCH):
        if not request.allow_secrets and workshop.config.snapshots.secrets == "refuse":
            await refuse_secrets(tree, request.commit, request.base_commit)
        taken = await take_snapshot(tree, request.commit, workshop.store, workshop.snapshots_dir)
    result = pb.TakeSnapshotResult(
        store_path=taken.store_path,
        nar_hash=taken.nar_hash,
        size_bytes=taken.size_bytes,
        tree_hash=taken.tree_hash,
        unchanged=taken.unchanged,
    )
    return pb.Finished(take_snapshot=result)


async def _remove_tree(workshop: Workshop, request: pb.RemoveTree) -> pb.Finished:
    async with workshop.locks.hold_tree(request.task_id):
        await remove_tree(task_tree(workshop.runner_dir, request.task_id))
    return pb.Finished(remove_tree=pb.RemoveTreeResult())


async def _unroot_snapshot(workshop: Workshop, request: pb.UnrootSnapshot) -> pb.Finished:
    promised_s = workshop.config.servant.spool_hours * _HOUR_S
    places = workshop.snapshot_roots
    unrooted = await unroot_snapshot(request.store_path, request.commit, places, promised_s=promised_s)
    return pb.Finished(unroot_snapshot=pb.UnrootSnapshotResult(unrooted=unrooted))
