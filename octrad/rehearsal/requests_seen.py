"""The record of what the rehearsal was asked: that nothing was paid twice, and what the last prompts said."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from octrad.rehearsal.scenario import Asked

# The oldest are forgotten first; the counts behind `nth` are kept.
KEPT = 100_000
NO_ANSWER = 0
# They are long: only the last ones.
PROMPTS_KEPT = 200


@dataclass(slots=True)
class Seen:
    """One request. `status` is the HTTP status that it got, 0 while or if it got none."""

    number: int
    task: str
    step: str
    attempt: int
    question: str
    model: str
    scenario: str
    nth: int
    status: int
    started_at_ms: int


class RequestsSeen:
    """All requests since the start."""

    def __init__(self) -> None:
        self._seen: list[Seen] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._prompts: dict[int, tuple[str, ...]] = {}

    def add(self, asked: Asked, *, model: str, question: str, prompt: Sequence[str], started_at_ms: int) -> Seen:
        """Counts a request as it arrives."""
        self._counts[asked.task, asked.step] += 1
        seen = Seen(
            number=self._counts.total(),
            task=asked.task,
            step=asked.step,
            attempt=asked.attempt,
            question=question,
            model=model,
            scenario=asked.scenario,
            nth=self._counts[asked.task, asked.step],
            status=NO_ANSWER,
            started_at_ms=started_at_ms,
        )
        self._seen.append(seen)
        del self._seen[:-KEPT]
        self._prompts[seen.number] = tuple(prompt)
        self._prompts.pop(seen.number - PROMPTS_KEPT, None)
        return seen

    def prompt(self, number: int) -> tuple[str, ...] | None:
        """The texts of a request's messages, in their order; None when it is not one of the last."""
        return self._prompts.get(number)

    def rows(self) -> list[dict[str, str | int]]:
        """The requests in order of arrival."""
        return [asdict(seen) for seen in self._seen]
