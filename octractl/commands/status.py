"""`octractl status`: the daemon and its parts."""

import click

from octra_proto.v1 import system_pb2
from octractl.output import json_option, open_client, print_lines
from octractl.render.json_text import json_document
from octractl.render.system_page import status_page


@click.command()
@json_option
def command(*, as_json: bool) -> None:
    """Show the daemon, the health of its parts and its load."""
    with open_client() as client:
        answer = client.ask(client.system.GetStatus, system_pb2.GetStatusRequest())
    print_lines([json_document(answer)] if as_json else status_page(answer))
