"""`octractl version`: this program's and the daemon's."""

import json
from importlib.metadata import version

import click

from octra_proto.v1 import system_pb2
from octractl.errors import OctractlError
from octractl.output import json_option, open_client, print_lines
from octractl.render.clean_text import clean_line


@click.command()
@json_option
def command(*, as_json: bool) -> None:
    """Print the versions of octractl and of octrad.

    Also without a daemon, but then it exits 69.
    """
    own = version("octra")
    try:
        with open_client() as client:
            daemon = client.ask(client.system.GetStatus, system_pb2.GetStatusRequest()).version
    except OctractlError:
        _print(own, None, as_json=as_json)
        raise
    _print(own, daemon, as_json=as_json)


def _print(own: str, daemon: str | None, *, as_json: bool) -> None:
    if as_json:
        print_lines([json.dumps({"octractl": own, "octrad": daemon})])
    else:
        print_lines([f"octractl {own}", *([f"octrad {clean_line(daemon)}"] if daemon is not None else [])])
