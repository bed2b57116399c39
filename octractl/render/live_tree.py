"""Draws a task as a tree that changes in place, on a terminal. The only module that imports rich."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text
from rich.tree import Tree

from octra_proto.v1 import events_pb2
from octractl.render import figures
from octractl.render.task_view import BOSS, DAEMON, AgentView, TaskView, apply_event
from octractl.states import state_word

REFRESHES_PER_S = 8
# What takes longer shows for how long it has.
LONG_MS = 1000
MARKS = {"waiting": "·", "working": "▸", "done": "✓", "failed": "✗", "ended": "-"}
STYLES = {"waiting": "dim", "working": "bold cyan", "done": "green", "failed": "red", "ended": "dim"}
STATE_STYLES = {"done": "bold green", "failed": "bold red", "cancelled": "bold yellow"}


class LiveTree:
    """Progress as a tree on a terminal.

    Args:
        console: where to draw.
        view: the task as it is before the first event.
    """

    def __init__(self, console: Console, view: TaskView) -> None:
        self._view = view
        self._live = Live(
            console=console,
            get_renderable=lambda: draw_tree(self._view, time.time() * 1000),
            refresh_per_second=REFRESHES_PER_S,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, event: events_pb2.Event) -> None:
        """Takes in an event; it is drawn with the next refresh."""
        self._view = apply_event(self._view, event)

    def say(self, text: str) -> None:
        """Prints a line above the tree."""
        self._live.console.print(Text(text))


def draw_tree(view: TaskView, now_ms: float) -> Tree:
    """Returns the tree at a moment, given in Unix milliseconds."""
    tree = Tree(_heading(view, now_ms), guide_style="dim")
    boss = view.agents.get((BOSS, ""))
    if boss:
        _add_agent(tree, boss, now_ms)
    placed = {(BOSS, ""), (DAEMON, "")}
    for manager, workers in view.teams.items():
        placed |= {("manager", manager)} | {("worker", worker) for worker in workers}
        branch = _add_agent(tree, view.agents[("manager", manager)], now_ms)
        for worker in workers:
            _add_agent(branch, view.agents[("worker", worker)], now_ms)
    for key, agent in view.agents.items():
        if key not in placed:
            _add_agent(tree, agent, now_ms)
    if daemon := view.agents.get((DAEMON, "")):
        _add_agent(tree, daemon, now_ms)
    if view.warning and not view.ended_ms:
        tree.add(_line((f"! {view.warning}", "yellow")))
    return tree


def _line(*parts: str | tuple[str, str]) -> Text:
    """One line, whatever the width: a tree whose lines wrap jumps with every refresh."""
    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")


def _heading(view: TaskView, now_ms: float) -> Text:
    state = state_word(view.state)
    heading = _line((view.task_id, "bold"), "  ", (state, STATE_STYLES.get(state, "cyan")))
    if view.title:
        heading.append(f"  {view.title}")
    if view.rehearsal:
        heading.append("  [rehearsal]", "yellow")
    took = figures.duration((view.ended_ms or now_ms) - view.started_ms) if view.started_ms else "not started"
    spent = figures.cost(view.cost_usd, view.unpriced_calls)
    heading.append(f"\n{took} · {figures.tokens(view.input_tokens, view.output_tokens)} · {spent}", "dim")
    return heading


def _add_agent(tree: Tree, agent: AgentView, now_ms: float) -> Tree:
    label = _line((f"{MARKS[agent.status]} {agent.role} {agent.name}".rstrip(), STYLES[agent.status]))
    if agent.doing:
        label.append(f"  {agent.doing}")
    if agent.status == "working" and not agent.running and now_ms - agent.since_ms >= LONG_MS and agent.since_ms:
        label.append(f"  {figures.duration(now_ms - agent.since_ms)}", "dim")
    if agent.output_tokens:
        label.append(f"  {figures.count(agent.input_tokens)} in, {figures.count(agent.output_tokens)} out", "dim")
    branch = tree.add(label)
    if agent.writing:
        branch.add(_line((agent.writing, "dim")))
    for command in agent.commands:
        branch.add(_line((command, "red" if command.startswith("✗") else "dim")))
    if agent.running:
        running = branch.add(_line(f"$ {agent.running}  {figures.duration(now_ms - agent.running_since_ms)}"))
        if agent.last_output:
            running.add(_line((agent.last_output, "dim")))
    return branch
