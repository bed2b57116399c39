"""`octractl audit-log`: who asked for a change, and what was refused. For admins."""

import click

from octra_proto.v1 import access_pb2
from octractl.client import Client
from octractl.complete import complete_task
from octractl.output import json_option, local_zone, open_client, print_lines, say, terminal_width
from octractl.render.access_page import audit_table
from octractl.render.json_text import json_document

LARGEST_PAGE = 200


@click.command(name="audit-log")
@click.option("--user", default="", help="Only this user, by name or number.")
@click.option("--task", default="", help="Only this task.", shell_complete=complete_task)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=0), help="At most so many; 0: all.")
@json_option
def command(user: str, task: str, limit: int, *, as_json: bool) -> None:
    """Show who changed what, and what was refused, newest first."""
    with open_client() as client:
        found = list_audit_events(client, access_pb2.ListAuditEventsRequest(user=user, target=task), limit)
    if as_json:
        print_lines([json_document(found)])
    elif not found.events:
        say("nothing of that kind was asked of octrad")
    else:
        print_lines(audit_table(found.events, local_zone(), terminal_width()))


def list_audit_events(
    client: Client, request: access_pb2.ListAuditEventsRequest, limit: int
) -> access_pb2.ListAuditEventsResponse:
    """Reads pages until there are `limit` events, or all for 0."""
    found = access_pb2.ListAuditEventsResponse()
    while True:
        request.page_size = min(limit - len(found.events), LARGEST_PAGE) if limit else LARGEST_PAGE
        request.page_token = found.next_page_token
        page = client.ask(client.access.ListAuditEvents, request)
        found.events.extend(page.events)
        found.next_page_token = page.next_page_token
        if not page.next_page_token or (limit and len(found.events) >= limit):
            return found
