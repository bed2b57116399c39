import pytest

from octrad.foundation.errors import OctraError
from octrad.foundation.postgres.queries import parse_queries

TEXT = """-- What the store asks.
-- name: claim_next
-- The oldest first.
SELECT id FROM tasks
WHERE state = %(state)s -- name: not_a_name

-- name: count_all
SELECT count(*) FROM tasks
"""


def test_queries_are_found_by_name_with_their_comments() -> None:
    queries = parse_queries(TEXT, source="store.sql")
    assert list(queries) == ["claim_next", "count_all"]
    assert queries.claim_next.startswith("-- The oldest first.\nSELECT id")
    assert queries.claim_next.endswith("not_a_name")
    assert queries["count_all"] == "SELECT count(*) FROM tasks"


def test_unknown_query_is_named_with_its_file() -> None:
    queries = parse_queries(TEXT, source="store.sql")
    with pytest.raises(AttributeError, match=r"store\.sql has no query `claim`"):
        _ = queries.claim


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("-- name: one\nSELECT 1\n-- name: one\nSELECT 2\n", "two queries `one`"),
        ("-- name: one\n-- nothing\n-- name: two\nSELECT 2\n", "`one` of x.sql is empty"),
    ],
)
def test_faulty_file_is_refused(text: str, fault: str) -> None:
    with pytest.raises(OctraError, match=fault):
        parse_queries(text, source="x.sql")
