"""`octractl stacks`: what a task can be built on."""

import click

from octra_proto.v1 import system_pb2
from octractl.complete import complete_stack
from octractl.output import json_option, open_client, print_lines, terminal_width
from octractl.render.json_text import json_document
from octractl.render.stack_page import stack_page, stack_table


@click.command()
@click.argument("name", default="", metavar="[STACK]", shell_complete=complete_stack)
@json_option
def command(name: str, *, as_json: bool) -> None:
    """List the stacks that a task can be built on, or show one of them."""
    with open_client() as client:
        answer = client.ask(client.system.ListStacks, system_pb2.ListStacksRequest(name=name))
    if as_json:
        print_lines([json_document(answer)])
    elif name:
        print_lines(stack_page(answer.stacks[0]))
    else:
        print_lines(stack_table(answer.stacks, terminal_width()))
