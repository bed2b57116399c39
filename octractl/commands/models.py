"""`octractl models`: the chains of models."""

import click

from octra_proto.v1 import system_pb2
from octractl.output import json_option, open_client, print_lines, say, terminal_width
from octractl.render.json_text import json_document
from octractl.render.system_page import model_table


@click.command()
@json_option
def command(*, as_json: bool) -> None:
    """List the chains of models, and whether each can be asked."""
    with open_client() as client:
        answer = client.ask(client.system.ListModels, system_pb2.ListModelsRequest())
    if as_json:
        print_lines([json_document(answer)])
    elif answer.models:
        print_lines(model_table(answer.models, terminal_width()))
    else:
        say("no model is configured")
        say("hint: set models.chain and a section of providers; `octrad check` shows how")
