"""A task's events as lines of text, for logs and for progress that is not drawn. Pure.

A command's output is held back until the command ends: then its last lines are shown, more of them when it failed, so
that a build of ten thousand lines does not bury what matters. All of it is in the step's log.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from octra_proto.v1 import events_pb2
from octractl.render import figures
from octractl.render.clean_text import clean_block, clean_line
from octractl.render.event_line import describe_event, step_title, who_did
from octractl.states import FINAL

# The column of names: as wide as the names of the plan, between these.
LEAST_WHO_WIDTH = 16
MOST_WHO_WIDTH = 28
LINES_OF_FAILED = 20
LINES_OF_PASSED = 3
# A step that took less says nothing when it ends; what follows shows that it did.
WORTH_SAYING_MS = 1000
# How long a command may print before we say that it still does.
SIGN_OF_LIFE_S = 30
# Of a line: minified code and encoded files have lines of megabytes.
LINE_CHARACTERS = 1000
_HEADLINES = frozenset({"state_changed", "step_started", "advised"})


@dataclass(slots=True)
class _Output:
    """What a command has printed so far: how much, and its end."""

    last: deque[str] = field(default_factory=lambda: deque(maxlen=LINES_OF_FAILED))
    # A line whose end is still to come.
    begun: str = ""
    lines: int = 0
    # Whether all of it came as events.
    is_whole: bool = True
    said_at_s: int = 0

    def add(self, text: str) -> None:
        *whole, self.begun = (self.begun + text.replace("\r\n", "\n")).split("\n")
        for line in whole:
            self._add_line(line)
        self.begun = self.begun[: LINE_CHARACTERS + 1]

    def close(self) -> None:
        if self.begun:
            self._add_line(self.begun)
        self.begun = ""

    def _add_line(self, line: str) -> None:
        if clean := clean_block(line[: LINE_CHARACTERS + 1]).rstrip():
            self.last.append(clean if len(clean) <= LINE_CHARACTERS else f"{clean[:LINE_CHARACTERS]}…")
        self.lines += 1


class PlainLines:
    """Turns the events of one task, one after the other, into lines.

    Args:
        zone: the time zone of the clock.
    """

    def __init__(self, zone: tzinfo = UTC) -> None:
        self._zone = zone
        self._who_width = LEAST_WHO_WIDTH
        self._titles: dict[str, str] = {}
        self._outputs: dict[str, _Output] = {}
        # Steps of which another line has said how they ended.
        self._said: set[str] = set()

    def lines(self, event: events_pb2.Event) -> list[str]:
        """Returns the lines to show after an event: none, one, or one and indented ones around it."""
        match event.WhichOneof("detail"):
            case "step_started":
                self._titles[event.step] = step_title(event)
                self._said.discard(event.step)
            case "step_finished":
                return self._finish_step(event)
            case "planned":
                self._widen(event.planned)
            case "command_started" if self._is_titled(event.step, event.command_started):
                return []
            case "model_writing":
                return []  # what comes of it is told when it is whole
            case "command_output":
                return self._take_output(event)
            case "command_finished":
                self._said.add(event.step)
                return self._end_of_output(event) + self._line(event, *describe_event(event))
            case "state_changed" if event.state_changed.to in FINAL:
                self._outputs.clear()
            case _:
                pass
        return self._line(event, *describe_event(event))

    def _line(self, event: events_pb2.Event, head: str, below: list[str]) -> list[str]:
        clock = event.at.ToDatetime(UTC).astimezone(self._zone).strftime("%H:%M:%S")
        indent = "" if event.WhichOneof("detail") in _HEADLINES else "  "
        return [f"{clock}  {who_did(event):<{self._who_width}}  {indent}{head}", *self._below(below)]

    def _below(self, lines: Iterable[str]) -> list[str]:
        return [" " * (len("00:00:00    ") + self._who_width + 2) + f"| {line}" for line in lines]

    def _widen(self, plan: events_pb2.Planned) -> None:
        managers = [f"manager {clean_line(manager.name)}" for manager in plan.managers]
        workers = [f"worker {clean_line(worker)}" for manager in plan.managers for worker in manager.workers]
        longest = max((len(name) for name in managers + workers), default=0)
        self._who_width = min(max(self._who_width, longest), MOST_WHO_WIDTH)

    def _is_titled(self, step: str, started: events_pb2.CommandStarted) -> bool:
        """Whether the line above names the command already."""
        return not started.network and self._titles.get(step, "").endswith(clean_line(started.command))

    def _finish_step(self, event: events_pb2.Event) -> list[str]:
        took_ms, title = event.step_finished.duration_ms, self._titles.pop(event.step, "")
        if event.step in self._said or took_ms < WORTH_SAYING_MS:
            return []
        return self._line(event, f"{title or clean_line(event.step)}: done in {figures.duration(took_ms)}", [])

    def _take_output(self, event: events_pb2.Event) -> list[str]:
        output = self._outputs.setdefault(event.step, _Output(said_at_s=event.at.seconds))
        if event.command_output.skipped_bytes:
            output.is_whole = False
            output.add(f"\n… {figures.size(event.command_output.skipped_bytes)} left out …\n")
        output.add(event.command_output.text)
        if event.at.seconds - output.said_at_s < SIGN_OF_LIFE_S or not output.last:
            return []
        output.said_at_s = event.at.seconds
        return self._line(
            event, f"… {output.lines:,} lines so far, the last one: {clean_line(output.last[-1], 200)}", []
        )

    def _end_of_output(self, event: events_pb2.Event) -> list[str]:
        output, finished = self._outputs.pop(event.step, _Output()), event.command_finished
        output.close()
        has_passed = finished.already_proved or (finished.exit_code == 0 and not finished.limit)
        if has_passed:
            return self._below(list(output.last)[-LINES_OF_PASSED:])
        before = output.lines - len(output.last)
        where = f"octractl logs {event.task_id} --step {clean_line(event.step)}"
        count = f"{before:,} lines before these" if output.is_whole else "there is more"
        omitted = [f"… {count}: {where}"] if output.lines > LINES_OF_FAILED or not output.is_whole else []
        return self._below([*omitted, *output.last])
