import pytest

from octra_proto.runner.v1 import runner_pb2 as pb
from octrad.foundation.errors import (
    CancelledByCallerError,
    ConflictError,
    NotFoundError,
    OctraError,
    UnavailableError,
)
from octrad.runner import wire
from octrad.runner.edits import Edit, Removal, Replacement, WholeFile
from octrad.runner.failures import revive_error
from octrad.runner.operations import BundleSource, EmptySource, SnapshotSource, TreeSource
from octrad.runner.reading import DiffSide


@pytest.mark.parametrize(
    ("code", "kind", "retryable"),
    [
        ("not_found", NotFoundError, False),
        ("cancelled", CancelledByCallerError, False),
        ("unavailable", UnavailableError, True),
        ("snapshot_damaged", ConflictError, False),
        ("something_new", OctraError, True),
    ],
)
def test_error_of_the_runner_comes_back_as_its_kind(code: str, kind: type[OctraError], *, retryable: bool) -> None:
    error = revive_error(code, "message", "hint", retryable=retryable)
    assert isinstance(error, kind)
    assert (error.code, error.message, error.hint, error.retryable) == (code, "message", "hint", retryable)


@pytest.mark.parametrize(
    ("source", "place"),
    [(EmptySource(), "empty"), (BundleSource("b"), "bundle_id"), (SnapshotSource("s"), "store_path")],
)
def test_source_of_a_tree_is_said(source: TreeSource, place: str) -> None:
    assert wire.create_tree_message("t", source).WhichOneof("source") == place


@pytest.mark.parametrize(
    ("edit", "change"),
    [(WholeFile("p", ""), "whole_file"), (Replacement("p", "", ""), "replacement"), (Removal("p"), "remove")],
)
def test_edit_says_its_kind_even_when_empty(edit: Edit, change: str) -> None:
    assert wire.edit_message(edit).WhichOneof("change") == change


def test_side_of_a_diff_may_be_nothing() -> None:
    assert wire.diff_side_message(DiffSide()) == pb.DiffSide()
    assert wire.diff_side_message(DiffSide("c", task_id="t")) == pb.DiffSide(commit="c", task_id="t")
