"""What the context of a project is made of: entries, who may hear them, and who said them. Pure.

An entry is heard in one *place*: by all agents of the project, by the team of one manager in one task, or by one agent
of one task. A reader hears the places that it stands in and no other, so nothing leaks.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from octrad.foundation.ids import TaskId
from octrad.tasks.task import Role

CONTENT_CHARACTERS = 2000


class ContextScope(StrEnum):
    """Who hears an entry, and for how long."""

    # Every agent of the project, for good.
    GLOBAL = "global"
    # A manager and its workers, until the manager approves their work or the run ends.
    TEAM = "team"
    # The agent that said it, until the run ends.
    INDIVIDUAL = "individual"


class ContextType(StrEnum):
    """What an entry is."""

    RULE = "rule"
    DECISION = "decision"
    INTERFACE = "interface"
    FACT = "fact"
    WARNING = "warning"


class GoneAs(StrEnum):
    """Why an entry does not count any more; `HERE` while it does."""

    HERE = ""
    # Somebody said so.
    FORGOTTEN = "forgotten"
    # The clean-up took it.
    REMOVED = "removed"
    # Its team or its agent is done.
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody wants remembered. `important`: the clean-up passes over it, as it does over every rule."""

    scope: ContextScope
    type: ContextType
    content: str
    important: bool = False


@dataclass(frozen=True, slots=True)
class Author:
    """Who says something: an agent in a step of a task, or a person."""

    role: Role
    team: str = ""
    agent: str = ""
    task_id: TaskId | None = None
    step: str = ""
    uid: int | None = None
    user_name: str = ""


@dataclass(frozen=True, slots=True)
class ContextEntry:
    """One entry as it is kept."""

    id: int
    project: str
    scope: ContextScope
    type: ContextType
    content: str
    important: bool
    task_id: TaskId | None
    step: str
    role: Role
    team: str
    agent: str
    uid: int | None
    user_name: str
    created_at: datetime
    gone_at: datetime | None
    gone_as: GoneAs
    # 0: a message; 1 and 2: a rule that stays, of an agent's and of a person's.
    standing: int


def place_of(scope: ContextScope, author: Author) -> str:
    """Where an entry is heard. Whoever has no team and speaks to it is heard by itself alone: never by more."""
    match scope:
        case ContextScope.GLOBAL:
            return ""
        case ContextScope.TEAM if author.team:
            return team_place(author.task_id, author.team)
        case _:
            return f"{team_place(author.task_id, author.team)}/{author.role}/{author.agent}"


def own_places(reader: Author) -> tuple[str, ...]:
    """The places of one task that a reader stands in; everybody stands in the global one besides."""
    return tuple(dict.fromkeys(place_of(scope, reader) for scope in (ContextScope.TEAM, ContextScope.INDIVIDUAL)))


def team_place(task_id: TaskId | None, team: str) -> str:
    """Where what is said to a team is heard."""
    return f"{task_id}/{team}"
