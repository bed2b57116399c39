"""`octractl version`: this program's and the daemon's."""

import json
from importlib.metadata import version

import click

from octra_proto.v1 import system_pb2
from octractl.errors import OctractlError
from octractl.output import json_option, open_client, print_lines
from octractl.render.clean_text import clean_line
from octractl.render.task_page import short_hash


@click.command()
@json_option
def command(*, as_json: bool) -> None:
    """Print the versions of octractl and of octrad.

    With them stands the hash of what octrad's agents are told. Also without a daemon, but then it exits 69.
    """
    own = version("octra")
    try:
        with open_client() as client:
            daemon = client.ask(client.system.GetStatus, system_pb2.GetStatusRequest())
    except OctractlError:
        _print(own, None, as_json=as_json)
        raise
    _print(own, daemon, as_json=as_json)


def _print(own: str, daemon: system_pb2.GetStatusResponse | None, *, as_json: bool) -> None:
    if as_json:
        told = {"octrad": daemon.version, "content_hash": daemon.content_hash} if daemon else {"octrad": None}
        print_lines([json.dumps({"octractl": own, **told})])
    else:
        print_lines([f"octractl {own}", *([_describe(daemon)] if daemon else [])])


def _describe(daemon: system_pb2.GetStatusResponse) -> str:
    # An older octrad has none.
    content = f", content {short_hash(daemon.content_hash)}" if daemon.content_hash else ""
    return f"octrad {clean_line(daemon.version)}{content}"
