"""How well the skill warehouse finds what is meant: `python -m tests.skill_recall` prints the figures of the docs."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from octrad.knowledge.library import read_library
from octrad.knowledge.skill_warehouse import SkillWarehouse

TABLES = Path(__file__).parent / "unit" / "knowledge"
TOLD_K = (1, 3, 8)

Query = Mapping[str, Any]


def recall_at(k: int, queries: Sequence[Query], warehouse: SkillWarehouse) -> float:
    """The mean share of the expected slugs that are among the first `k`."""
    return sum(_share(k, query, warehouse) for query in queries) / len(queries)


def misses(k: int, queries: Sequence[Query], warehouse: SkillWarehouse) -> list[str]:
    """The tasks of which something expected is not among the first `k`."""
    return [query["task"] for query in queries if _share(k, query, warehouse) < 1]


def _share(k: int, query: Query, warehouse: SkillWarehouse) -> float:
    found = {one.skill.slug for one in warehouse.search(query["role"], query["tech"], query["task"], k)}
    return len(found & set(query["expect"])) / len(query["expect"])


def main() -> None:
    """Prints recall at several depths for both tables, and what is missed at three."""
    warehouse = read_library().warehouse
    for name in ("skill_queries.toml", "skill_queries_seen.toml"):
        queries = tomllib.loads((TABLES / name).read_text(encoding="utf-8"))["query"]
        figures = ", ".join(f"recall@{k} {recall_at(k, queries, warehouse):.2f}" for k in TOLD_K)
        print(f"{name}: {len(queries)} queries, {figures}")  # noqa: T201 - what it is for
        for task in misses(3, queries, warehouse):
            print(f"  missed: {task}")  # noqa: T201 - as above


if __name__ == "__main__":
    main()
