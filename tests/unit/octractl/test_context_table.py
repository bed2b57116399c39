from google.protobuf.timestamp_pb2 import Timestamp

from octra_proto.v1 import context_pb2
from octractl.render.context_table import context_table, entry_line

ENTRIES = [
    context_pb2.ContextEntry(
        id=12,
        project="shop",
        scope=context_pb2.CONTEXT_SCOPE_TEAM,
        type=context_pb2.CONTEXT_TYPE_INTERFACE,
        content="GET /orders\nreturns \x1b[2J a list",
        role="worker",
        task_id="k3fp7a",
        step="work/api/1",
        team="backend",
        agent="api",
        created_at=Timestamp(seconds=1_800_000_000),
        end=context_pb2.CONTEXT_END_ENDED,
    ),
    context_pb2.ContextEntry(
        id=3,
        scope=context_pb2.CONTEXT_SCOPE_GLOBAL,
        type=context_pb2.CONTEXT_TYPE_RULE,
        content="never use jQuery",
        important=True,
        role="user",
        user="anna",
    ),
    context_pb2.ContextEntry(id=1, scope=99, type=99, role="boss", important=True, content="x"),  # type: ignore[arg-type]
]


def test_rows_say_for_whom_what_by_whom_and_are_one_line_each() -> None:
    header, team, rule, unknown = context_table(ENTRIES)
    assert header.split() == ["ID", "FOR", "TYPE", "SAID", "BY", "WHEN", "CONTENT"]
    assert team.startswith("12  team backend  interface (ended)")
    assert "worker api, k3fp7a/work/api/1" in team
    assert team.endswith("GET /orders returns \\x1b[2J a list")
    assert rule.split()[:4] == ["3", "global", "rule", "anna"]
    assert "scope 99" in unknown
    assert "type 99 (important)" in unknown


def test_one_entry_in_a_line() -> None:
    assert entry_line(ENTRIES[1]) == "3  rule: never use jQuery"
