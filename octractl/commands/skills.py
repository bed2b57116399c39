"""`octractl skills`: the skill warehouse, and what a search in it finds."""

import click

from octra_proto.v1 import knowledge_pb2
from octractl.complete import complete_skill, complete_skill_area
from octractl.output import json_option, open_client, print_lines, say, terminal_width
from octractl.render.json_text import json_document
from octractl.render.skill_page import explanation_lines, found_table, skill_lines, skill_table

area_option = click.option(
    "--area",
    "areas",
    multiple=True,
    metavar="AREA",
    shell_complete=complete_skill_area,
    help="Only this area; repeatable.",
)


@click.group()
def command() -> None:
    """Look at the fragments of expertise that workers are told."""


@command.command(name="list")
@area_option
@json_option
def list_skills(areas: tuple[str, ...], *, as_json: bool) -> None:
    """List the fragments, by area."""
    with open_client() as client:
        answer = client.ask(client.knowledge.ListSkills, knowledge_pb2.ListSkillsRequest(areas=areas))
    print_lines([json_document(answer)] if as_json else skill_table(answer.skills, terminal_width()))


@command.command(name="search")
@click.argument("task")
@click.option("--role", default="", help='What the worker is: "backend developer".')
@click.option("--tech", default="", help='What it works with: "python postgresql".')
@click.option("-k", "k", default=3, show_default=True, type=click.IntRange(1, 50), help="At most so many.")
@area_option
@click.option("--explain", is_flag=True, help="Tell which term counted for how much in which field.")
@json_option
def search_skills(  # noqa: PLR0913 - one parameter an option
    task: str, role: str, tech: str, k: int, areas: tuple[str, ...], *, explain: bool, as_json: bool
) -> None:
    """Find the fragments that fit a piece of work, the best first.

    TASK is what is to be done, in plain words. Workers are told what their managers choose of such a list, or the
    first three.
    """
    request = knowledge_pb2.SearchSkillsRequest(role=role, tech=tech, task=task, k=k, areas=areas, explain=explain)
    with open_client() as client:
        answer = client.ask(client.knowledge.SearchSkills, request)
    if as_json:
        print_lines([json_document(answer)])
    elif not answer.found:
        say("nothing fits; `octractl skills list` shows what there is")
    elif explain:
        print_lines(explanation_lines(answer.found))
    else:
        print_lines(found_table(answer.found, terminal_width()))


@command.command(name="show")
@click.argument("slugs", metavar="SLUG...", nargs=-1, required=True, shell_complete=complete_skill)
@json_option
def show_skills(slugs: tuple[str, ...], *, as_json: bool) -> None:
    """Print fragments, whole."""
    with open_client() as client:
        answer = client.ask(client.knowledge.GetSkills, knowledge_pb2.GetSkillsRequest(slugs=slugs))
    print_lines([json_document(answer)] if as_json else skill_lines(answer.skills))
