"""A project that has heard very much: a hundred thousand entries, most of them gone, as the clean-up leaves them."""

from typing import Final

from psycopg import AsyncConnection

ENTRIES: Final = 100_000
# The newest revision: what went, went five revisions after it came.
REVISION: Final = ENTRIES + 5
# One of a hundred teams of other tasks.
A_TEAM: Final = "elsewhere/1"

_FILL: Final = """
INSERT INTO context_entries (project, place, scope, type, content, important, role, since, until, gone_at, gone_as)
SELECT %(project)s, CASE WHEN kind = 'team' THEN 'elsewhere/' || n / 5 %% 100 ELSE '' END,
    CASE WHEN kind = 'team' THEN 'team' ELSE 'global' END, CASE WHEN kind = 'rule' THEN 'rule' ELSE 'fact' END,
    repeat('some words about orders and prices ', 8) || n, false, 'worker', n,
    CASE WHEN kind = 'gone' THEN n + 5 END, CASE WHEN kind = 'gone' THEN now() END,
    CASE WHEN kind = 'gone' THEN 'removed' ELSE '' END
FROM generate_series(1, %(entries)s) AS n,
    LATERAL (SELECT (ARRAY['gone', 'rule', 'team', 'gone', 'gone'])[1 + n %% 5]) AS chosen (kind)
"""


async def fill_context(connection: AsyncConnection, project: str) -> None:
    """Fills the context of a project that is there."""
    await connection.execute(_FILL, {"project": project, "entries": ENTRIES})
    revised = "UPDATE projects SET context_revision = %s WHERE name = %s"
    await connection.execute(revised, (REVISION, project))
    await connection.execute("ANALYZE context_entries")
