"""Reads the named queries of a `.sql` file.

A block begins with `-- name: claim_next` and ends where the next begins; comments before its SQL stay with it. What
stands before the first block is for the reader of the file.
"""

import re
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import LiteralString

from octrad.foundation.errors import OctraError

_NAME = re.compile(r"^-- name: (?P<name>[a-z][a-z0-9_]*)[ \t]*$", re.MULTILINE)


class Queries(Mapping[str, LiteralString]):
    """The queries of one file, by name: `queries.claim_next` or `queries["claim_next"]`.

    They are literals of ours for the type checker, because no input ever becomes part of them.
    """

    def __init__(self, source: str, queries: Mapping[str, LiteralString]) -> None:
        self._source = source
        self._queries = dict(queries)

    def __getitem__(self, name: str) -> LiteralString:
        try:
            return self._queries[name]
        except KeyError:
            raise KeyError(f"{self._source} has no query `{name}`") from None

    def __getattr__(self, name: str) -> LiteralString:
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(str(error)) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._queries)

    def __len__(self) -> int:
        return len(self._queries)


def load_queries(path: Path | Traversable) -> Queries:
    """Reads a file of named queries."""
    return parse_queries(path.read_text(encoding="utf-8"), source=path.name)


def parse_queries(text: str, *, source: str) -> Queries:
    """The named queries of a text.

    Raises:
        OctraError: a name twice, or a block without SQL: a bug of ours.
    """
    queries: dict[str, LiteralString] = {}
    marks = list(_NAME.finditer(text))
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        name = mark["name"]
        body = text[mark.end() : after.start() if after else len(text)].strip()
        if name in queries:
            raise OctraError(f"{source} has two queries `{name}`")
        if not any(line and not line.startswith("--") for line in body.splitlines()):
            raise OctraError(f"the query `{name}` of {source} is empty")
        queries[name] = body
    return Queries(source, queries)
