"""`octractl whoami`: who we are to octrad, and what that allows."""

import click

from octra_proto.v1 import access_pb2
from octractl.output import json_option, open_client, print_lines
from octractl.render.access_page import whoami_page
from octractl.render.json_text import json_document


@click.command()
@json_option
def command(*, as_json: bool) -> None:
    """Show your role, what it allows, and your quotas."""
    with open_client() as client:
        answer = client.ask(client.access.WhoAmI, access_pb2.WhoAmIRequest())
    print_lines([json_document(answer)] if as_json else whoami_page(answer))
