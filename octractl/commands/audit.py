"""`octractl audit`: which models can do a work and what it would cost, before anything is spent on it."""

from pathlib import Path

import click

from octra_proto.v1 import audit_pb2
from octractl.commands.submit import read_request
from octractl.complete import complete_model
from octractl.errors import OctractlError
from octractl.exit_codes import ExitCode
from octractl.output import json_option, open_client, print_lines, print_words, say, terminal_width
from octractl.render.audit_page import audit_page, name_all
from octractl.render.json_text import json_document
from octractl.repository import HeadFile, list_head, read_blobs, require_sendable

# octrad and its gateway wait for LiteLLM and for providers.
TIMEOUT_S = 90.0
ROLES = ("boss", "manager", "worker", "reviewer", "advisor")
# A prompt shows small files, the smallest first, and of all of them less than this. Larger ones are never shown.
CONTENT_FILE_BYTES = 24_000
CONTENT_BYTES = 512 * 1024
# Of the listing: what one message can carry beside the rest. A prompt shows the first few hundred files.
LISTING_BYTES = 1024 * 1024
_BYTES_BESIDE_A_PATH = 16


@click.command()
@click.argument("request", required=False)
@click.option(
    "--file", "-f", "file", metavar="FILE", type=click.Path(allow_dash=True), help="Read the request from a file."
)
@click.option(
    "--repo", metavar="DIR", type=click.Path(path_type=Path), help="The git repository that the work continues."
)
@click.option(
    "--model",
    default="",
    metavar="MODEL[,MODEL…]",
    shell_complete=complete_model,
    help="These models, in this order, for all roles; else the configured chains.",
)
@click.option(
    "--role", type=click.Choice(ROLES), help="Only what this role asks; else all that a task of any size may ask."
)
@click.option("--no-probe", is_flag=True, help="Ask no provider for the limits of its key.")
@json_option
def command(  # noqa: PLR0913 - one parameter an option
    request: str | None,
    file: str | None,
    repo: Path | None,
    model: str,
    role: str | None,
    *,
    no_probe: bool,
    as_json: bool,
) -> int:
    """Tell which models can do a work, and what it would cost.

    Each role of the work is judged by its own chain.

    REQUEST is what you would submit; - reads it from stdin. Nothing of it goes to a provider. Each provider whose key
    is configured is asked once an hour, in one tiny call, for the limits of that key.

    Exits 0 when for each role at least one model can do it, and 78 when for one of them none can.
    """
    message = audit_pb2.AuditModelsRequest(
        request=read_request(request, file) if request is not None or file is not None else "",
        model=model,
        files=_read_repository(repo) if repo else (),
        probe=not no_probe,
        role=role or "",
    )
    with open_client() as client:
        answer = client.ask(client.system.AuditModels, message, TIMEOUT_S)
    if as_json:
        print_lines([json_document(answer)])
    else:
        print_words(audit_page(answer, terminal_width()))
    if answer.stuck_roles:
        raise OctractlError(
            f"no model can do this work as {name_all(answer.stuck_roles)}",
            hint="mend what stands beside a model, or name another in the chain of the role or with --model",
            exit_code=ExitCode.CONFIGURATION,
        )
    return ExitCode.OK


def _read_repository(directory: Path) -> list[audit_pb2.RepositoryFile]:
    """The files of the last commit, the small ones with their contents."""
    require_sendable(directory, allow_dirty=True)
    files = list_head(directory)
    listed = _fitting(files)
    if len(listed) < len(files):
        say(f"only the first {len(listed):,} of {len(files):,} files are looked at")
    contents = read_blobs(directory, _worth_reading(listed))
    return [
        audit_pb2.RepositoryFile(
            path=file.path, size_bytes=file.size_bytes, is_symlink=file.is_symlink, content=contents.get(file.blob)
        )
        for file in listed
    ]


def _fitting(files: list[HeadFile]) -> list[HeadFile]:
    left = LISTING_BYTES
    for index, file in enumerate(files):
        left -= len(file.path.encode()) + _BYTES_BESIDE_A_PATH
        if left < 0:
            return files[:index]
    return files


def _worth_reading(files: list[HeadFile]) -> list[str]:
    small = sorted((file.size_bytes, file.blob) for file in files if not file.is_symlink)
    chosen: list[str] = []
    left = CONTENT_BYTES
    for size_bytes, blob in small:
        if size_bytes > min(left, CONTENT_FILE_BYTES):
            break
        chosen.append(blob)
        left -= size_bytes
    return chosen
