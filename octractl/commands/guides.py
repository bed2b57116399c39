"""`octractl guides`: what agents are told of tools."""

import click

from octra_proto.v1 import knowledge_pb2
from octractl.complete import complete_ecosystem, complete_guide
from octractl.output import json_option, open_client, print_lines, terminal_width
from octractl.render.guide_page import guide_page, guide_table
from octractl.render.json_text import json_document


@click.command()
@click.argument("name", required=False, shell_complete=complete_guide)
@click.option("--ecosystem", default="", metavar="NAME", shell_complete=complete_ecosystem, help="Only those of one.")
@json_option
def command(name: str | None, ecosystem: str, *, as_json: bool) -> None:
    """List the tool guides, or show one of them.

    With NAME, a guide is shown as it goes into prompts.
    """
    if name is not None and ecosystem:
        raise click.UsageError("--ecosystem chooses among the guides of the list; leave it or NAME out")
    with open_client() as client:
        if name is not None:
            one = client.ask(client.knowledge.GetGuide, knowledge_pb2.GetGuideRequest(name=name))
            print_lines([json_document(one)] if as_json else guide_page(one))
            return
        request = knowledge_pb2.ListGuidesRequest(ecosystem=ecosystem)
        answer = client.ask(client.knowledge.ListGuides, request)
    print_lines([json_document(answer)] if as_json else guide_table(answer.guides, terminal_width()))
