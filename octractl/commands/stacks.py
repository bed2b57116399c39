"""`octractl stacks`: what a task can be built on."""

import click

from octra_proto.v1 import system_pb2
from octractl.output import json_option, open_client, print_lines, terminal_width
from octractl.render.json_text import json_document
from octractl.render.system_page import stack_table


@click.command()
@json_option
def command(*, as_json: bool) -> None:
    """List the stacks that a task can be built on."""
    with open_client() as client:
        answer = client.ask(client.system.ListStacks, system_pb2.ListStacksRequest())
    print_lines([json_document(answer)] if as_json else stack_table(answer.stacks, terminal_width()))
