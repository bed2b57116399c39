"""The line that `systemctl status` shows of octrad: what it does, and what keeps it from it. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class State:
    """What is known of octrad at a moment. `refused`: what is wrong with a configuration that was left aside."""

    running: int = 0
    waiting: int = 0
    has_database: bool = True
    refused: str = ""
    is_stopping: bool = False


def describe_state(state: State) -> str:
    """The state in one line, the most important first."""
    if state.is_stopping:
        return _describe_stop(state.running)
    said = [] if state.has_database else ["waiting for PostgreSQL"]
    said.append(_describe_tasks(state.running, state.waiting))
    if state.refused:
        said.append(f"the configuration in the file is refused: {state.refused}")
    return "; ".join(said)


def _describe_tasks(running: int, waiting: int) -> str:
    parts = [_count(running, "runs", "run")] if running else []
    parts += [_count(waiting, "waits", "wait", has_noun=not running)] if waiting else []
    return ", ".join(parts) or "no tasks"


def _describe_stop(running: int) -> str:
    return f"stopping: {_count(running, 'lets', 'let')} go" if running else "stopping"


def _count(number: int, one: str, many: str, *, has_noun: bool = True) -> str:
    noun = (" task" if number == 1 else " tasks") if has_noun else ""
    return f"{number}{noun} {one if number == 1 else many}"
