"""Who the caller is to octrad, and what the audit log says, as text. Pure."""

from collections.abc import Sequence
from datetime import UTC, tzinfo

from octra_proto.v1 import access_pb2
from octractl.render import figures
from octractl.render.clean_text import clean_line
from octractl.render.table import layout_table
from octractl.render.task_page import clock_time


def whoami_page(answer: access_pb2.WhoAmIResponse) -> list[str]:
    """Returns the lines of `octractl whoami`."""
    facts = [
        ("user", f"{clean_line(answer.user) or '-'} (uid {answer.uid})"),
        ("role", f"{clean_line(answer.role) or 'none'}, {clean_line(answer.reason)}"),
        ("groups", ", ".join(clean_line(group) for group in answer.groups)),
        ("may", "; ".join(clean_line(action) for action in answer.may) or "nothing but ask this"),
    ]
    lines = [f"{name + ':':<10}{value}" for name, value in facts if value]
    return [*lines, *_quotas(answer)]


def _quotas(answer: access_pb2.WhoAmIResponse) -> list[str]:
    quota, usage = answer.quota, answer.usage
    rows = [
        ("tasks at once", str(usage.tasks_at_once), _limit(quota, "tasks_at_once")),
        ("tasks in 24 hours", str(usage.tasks_a_day), _limit(quota, "tasks_a_day")),
        ("cost in 24 hours", figures.cost(usage.cost_usd_a_day, 0), _limit(quota, "cost_usd_a_day", "$")),
    ]
    return ["", *layout_table(("QUOTA", "USED", "OF"), rows)]


def _limit(quota: access_pb2.Quota, name: str, unit: str = "") -> str:
    return f"{unit}{getattr(quota, name):g}" if quota.HasField(name) else "no limit"  # type: ignore[arg-type] # a name of ours


def audit_table(events: Sequence[access_pb2.AuditEvent], zone: tzinfo = UTC, width: int = 0) -> list[str]:
    """Returns the lines of a page of the audit log.

    Args:
        events: in the order of their rows.
        zone: the time zone of the times.
        width: columns of the terminal; 0 cuts nothing.
    """
    rows = [
        (clock_time(event.at, zone), clean_line(event.user) or "-", str(event.uid), clean_line(event.outcome),
         clean_line(event.method.rpartition("/")[2]), clean_line(event.target) or "-")
        for event in events
    ]  # fmt: skip
    return layout_table(("AT", "USER", "UID", "OUTCOME", "METHOD", "TARGET"), rows, width)
