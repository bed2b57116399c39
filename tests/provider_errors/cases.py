"""What providers really answer when they fail: status, headers and body of each, with where it is documented.

The bodies are facts about other people's servers, taken from their documentation, their source or public reports;
names of organizations and requests in them are shortened to `x`. Where a page tells the message alone, it stands in
the form that this provider documents for its errors. `replay.py` shows each to the real LiteLLM; what the gateway's
adapter then sees is kept in `as_seen.json`, for the tests of the pure classifier.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
AS_SEEN = HERE / "as_seen.json"


@dataclass(frozen=True, slots=True)
class Case:
    """One failure. `expected` is class and reason; `retry_after_s` is what the provider asks to wait."""

    id: str
    kind: str
    model: str
    source: str
    status: int
    headers: dict[str, str]
    body: str
    expected: str
    retry_after_s: float | None

    @property
    def expected_class(self) -> str:
        return self.expected.partition(" ")[0]


def load_cases() -> dict[str, Case]:
    """All cases by id, which is `FILE/NAME`."""
    cases = [case for path in sorted(HERE.glob("*.toml")) for case in _read(path)]
    found = {case.id: case for case in cases}
    assert len(found) == len(cases), "two cases of a file have one name"
    return found


def _read(path: Path) -> list[Case]:
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return [_case(path.stem, content["kind"], content["model"], error) for error in content["error"]]


def _case(file: str, kind: str, model: str, error: dict[str, Any]) -> Case:
    name = error["name"]
    rest = {key: value for key, value in error.items() if key != "name"}
    return Case(id=f"{file}/{name}", kind=kind, model=model, **{"headers": {}, "retry_after_s": None} | rest)
