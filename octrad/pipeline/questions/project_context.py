"""What an agent hears of its project's context when it is asked, and what it says into it when it answers.

It hears what counted when its step began (`Step.context_revision`), however late it is asked and whatever others have
said since: the same step asked again is the same request. What counted at a revision never changes, so copies of it in
the cache are never wrong, and a change is another revision.
"""

from collections.abc import Sequence

from pydantic import TypeAdapter

from octrad.foundation.cache import look_aside
from octrad.pipeline.questions.answers import ContextItem
from octrad.pipeline.task_run import Speaker, TaskRun
from octrad.tasks.context.entry import Author, ContextEntry, ContextScope, ContextType, Statement, own_places
from octrad.tasks.context.read_entries import entries_at
from octrad.tasks.context.said import Said
from octrad.tasks.journal_step import Step

_ENTRIES = TypeAdapter(tuple[ContextEntry, ...])
# Copies of another form are other copies.
_KEY = "context/1"
_EVERYBODYS = ("",)


async def hear(run: TaskRun, step: Step, speaker: Speaker) -> tuple[ContextEntry, ...]:
    """What was said to all agents of the project, to the speaker's team and by the speaker, as the step began."""
    if not step.context_revision:
        return ()
    own = own_places(_author(step, speaker))
    return (*await _entries(run, step, _EVERYBODYS), *await _entries(run, step, own))


def say(step: Step, speaker: Speaker, items: Sequence[ContextItem], *, ends_team: bool) -> None:
    """Has what an answer says written when the step is recorded, and its team ended when it is done."""
    if not items and not ends_team:
        return
    statements = tuple(Statement(ContextScope(item.scope), ContextType(item.type), item.content) for item in items)
    step.said.append(Said(_author(step, speaker), statements, ends_team))


def _author(step: Step, speaker: Speaker) -> Author:
    return Author(speaker.role, speaker.team, speaker.agent, step.task_id, step.name)


async def _entries(run: TaskRun, step: Step, places: tuple[str, ...]) -> tuple[ContextEntry, ...]:
    project, revision = run.task.project, step.context_revision

    async def load() -> bytes:
        return _ENTRIES.dump_json(await entries_at(run.tools.database, project, places, revision))

    # By the task, whose id is nobody else's: another octrad may have a project of this name, and the same Redis.
    key = f"{_KEY}:{run.task.id}:{revision}:{','.join(places)}"
    return _ENTRIES.validate_json(await look_aside(run.tools.cache, key, load))
