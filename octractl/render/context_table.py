"""What the agents of a project are told, as text. Pure."""

from collections.abc import Sequence
from datetime import UTC, tzinfo

from octra_proto.v1 import context_pb2
from octractl.render.clean_text import clean_line
from octractl.render.table import layout_table
from octractl.render.task_page import clock_time

_SCOPE_PREFIX = "CONTEXT_SCOPE_"
_TYPE_PREFIX = "CONTEXT_TYPE_"
_END_PREFIX = "CONTEXT_END_"
_NAME_CHARACTERS = 40


def context_table(entries: Sequence[context_pb2.ContextEntry], zone: tzinfo = UTC, width: int = 0) -> list[str]:
    """Returns the lines of a list of entries.

    Args:
        entries: in the order of their rows.
        zone: the time zone of the times.
        width: columns of the terminal; 0 cuts nothing.
    """
    rows = [
        (str(e.id), _scope(e), _type(e), _speaker(e), clock_time(e.created_at, zone), clean_line(e.content))
        for e in entries
    ]
    return layout_table(("ID", "FOR", "TYPE", "SAID BY", "WHEN", "CONTENT"), rows, width)


def entry_line(entry: context_pb2.ContextEntry) -> str:
    """Returns an entry in one line."""
    return f"{entry.id}  {_type(entry)}: {clean_line(entry.content)}"


def _scope(entry: context_pb2.ContextEntry) -> str:
    scope = context_pb2.ContextScope.DESCRIPTOR.values_by_number.get(entry.scope)
    name = f"scope {entry.scope}" if scope is None else scope.name.removeprefix(_SCOPE_PREFIX).lower()
    whose = {"team": entry.team, "individual": entry.agent or entry.role}.get(name, "")
    return f"{name} {clean_line(whose, _NAME_CHARACTERS)}".strip()


def _type(entry: context_pb2.ContextEntry) -> str:
    kind = context_pb2.ContextType.DESCRIPTOR.values_by_number.get(entry.type)
    name = f"type {entry.type}" if kind is None else kind.name.removeprefix(_TYPE_PREFIX).lower()
    marks = [*(["important"] if entry.important and name != "rule" else []), *_ends(entry)]
    return f"{name} ({', '.join(marks)})" if marks else name


def _ends(entry: context_pb2.ContextEntry) -> list[str]:
    if entry.end == context_pb2.CONTEXT_END_UNSPECIFIED:
        return []
    end = context_pb2.ContextEnd.DESCRIPTOR.values_by_number.get(entry.end)
    return ["gone" if end is None else end.name.removeprefix(_END_PREFIX).lower()]


def _speaker(entry: context_pb2.ContextEntry) -> str:
    if entry.user:
        return clean_line(entry.user, _NAME_CHARACTERS)
    name = f"{entry.role} {entry.agent}".strip()
    return clean_line(f"{name}, {entry.task_id}/{entry.step}")
