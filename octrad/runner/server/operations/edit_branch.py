"""The operation `apply_edits`: judges a model's edits, writes them on a branch, and commits them. All or none."""

import asyncio
from pathlib import Path
from typing import assert_never

from octra_proto.runner.v1 import runner_pb2 as pb
from octrad.foundation.errors import ExhaustedError, InvalidRequestError
from octrad.runner.edits import Edit, Removal, Replacement, WholeFile
from octrad.runner.server.edits.apply_edits import Outcome, apply_edits, judge_edits
from octrad.runner.server.edits.write_files import look_at, write_files
from octrad.runner.server.trees.commit_branch import commit_branch
from octrad.runner.server.trees.reset_branch import reset_branch
from octrad.runner.server.trees.task_tree import existing_tree
from octrad.runner.server.workshop import Workshop


async def edit_branch(workshop: Workshop, request: pb.ApplyEdits) -> pb.Finished:
    """Applies the edits, or says why not.

    Raises:
        NotFoundError: no such tree or commit.
        InvalidRequestError: an edit changes nothing.
        ExhaustedError: the disk refuses.
    """
    tree = existing_tree(workshop.runner_dir, request.task_id)
    edits = [_read_edit(edit) for edit in request.edits]
    refusals = await asyncio.to_thread(judge_edits, edits, tuple(request.owns))
    if refusals:
        return _refuse(request, refusals)
    async with workshop.locks.hold_branches(request.task_id, request.branch):
        work_dir = await reset_branch(tree, request.branch, request.commit)
        outcome = await asyncio.to_thread(_apply, work_dir, edits)
        if outcome.refusals:
            return _refuse(request, outcome.refusals)
        committed = await commit_branch(tree, request.branch, request.commit, request.subject)
    return pb.Finished(apply_edits=pb.ApplyEditsResult(commit=committed.commit, paths=committed.paths))


def _apply(work_dir: Path, edits: list[Edit]) -> Outcome:
    try:
        outcome = apply_edits(edits, {edit.path: look_at(work_dir, edit.path) for edit in edits})
        write_files(work_dir, outcome.files)
    except OSError as error:
        raise ExhaustedError(f"cannot write the files: {error.strerror}", hint="see `df`") from error
    return outcome


def _refuse(request: pb.ApplyEdits, refusals: tuple[str, ...]) -> pb.Finished:
    return pb.Finished(apply_edits=pb.ApplyEditsResult(commit=request.commit, refusals=refusals))


def _read_edit(edit: pb.Edit) -> Edit:
    match edit.WhichOneof("change"):
        case "whole_file":
            return WholeFile(edit.path, edit.whole_file.content, edit.whole_file.executable)
        case "replacement":
            return Replacement(edit.path, edit.replacement.search, edit.replacement.replace)
        case "remove":
            return Removal(edit.path)
        case None:
            raise InvalidRequestError(f"the edit of `{edit.path[:200]}` changes nothing", field="edits")
        case other:
            assert_never(other)
