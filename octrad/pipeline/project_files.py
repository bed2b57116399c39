"""Reads the files of a commit for prompts. A commit never changes, so its listing is kept in the cache."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from octrad.foundation.cache import look_aside
from octrad.pipeline.questions.prompts import fence
from octrad.pipeline.relevant_files import FILES_BYTES, ListedFile, choose_files, describe_tree
from octrad.pipeline.task_run import TaskRun

_LISTING = TypeAdapter(tuple[ListedFile, ...])


async def list_files(run: TaskRun, commit: str) -> tuple[ListedFile, ...]:
    """The files of a commit, sorted by path."""

    async def load() -> bytes:
        entries = await run.tools.runner.list_files(run.task.id, commit)
        listed = (ListedFile(entry.path, entry.size_bytes, entry.kind) for entry in entries)
        return _LISTING.dump_json(tuple(sorted(listed, key=_path)))

    return _LISTING.validate_json(await look_aside(run.tools.cache, f"files:{run.task.id}:{commit}", load))


async def show_tree(run: TaskRun, commit: str) -> str:
    """The listing as prompts carry it."""
    return describe_tree(await list_files(run, commit))


async def show_files(run: TaskRun, commit: str, *, owns: Sequence[str] = (), mentioned_in: str = "") -> str:
    """The contents that matter most, each in a fence of its own, within the budget of a prompt."""
    paths = choose_files(await list_files(run, commit), owns=owns, mentioned_in=mentioned_in)
    if not paths:
        return word_files(())
    contents = await run.tools.runner.read_files(run.task.id, commit, paths, limit_bytes=2 * FILES_BYTES)
    return word_files([(file.path, file.content) for file in contents if not file.binary and not file.truncated])


def word_files(files: Sequence[tuple[str, str]]) -> str:
    """Paths with their contents, as prompts carry them. Pure."""
    if not files:
        return "No file has contents worth showing."
    return "\n\n".join(fence(f"the file {path!r}", content) for path, content in files)


def _path(file: ListedFile) -> str:
    return file.path
