"""Lets a model say the note in its own words, below it: one question, as a step, asked once and not for long.

Whatever comes of it changes nothing but these words: the note and its next step are the playbook's.
"""

import asyncio
import logging

from octrad.foundation.errors import OctraError
from octrad.pipeline import step_names
from octrad.pipeline.advisor.clean_text import clean_line
from octrad.pipeline.advisor.situation import Situation
from octrad.pipeline.advisor.write_note import with_wording
from octrad.pipeline.questions.answers import NoteWordingAnswer
from octrad.pipeline.questions.ask import Question, put
from octrad.pipeline.task_run import Speaker, TaskRun
from octrad.tasks.append_events import StaleLeaseError
from octrad.tasks.task import Role
from octrad.tasks.transition import Advice

logger = logging.getLogger(__name__)

# The end of the task waits for it.
LONGEST_S = 60.0


async def word_note(run: TaskRun, situation: Situation, advice: Advice) -> Advice:
    """The advice with a model's words below its note; as it is, where there are none."""
    step = step_names.worded(run.task.run)
    try:
        async with asyncio.timeout(LONGEST_S):
            reply = await put(run, _question(run, situation, advice), step)
    except StaleLeaseError:
        raise
    except TimeoutError:
        logger.info("no model worded the note in time")
        await _end_call(run, step)
        return advice
    except OctraError as error:
        logger.info("no model worded the note: %s", error.code)
        return advice
    if reply.refusals:
        return advice
    return with_wording(advice, NoteWordingAnswer.model_validate_json(reply.answer_json).wording)


def wording_values(request: str, note: str, output: str) -> dict[str, str]:
    """What the question is filled with; `output` is the end of what the failed command printed. Pure."""
    return {"request": request, "note": note, "output": output or "none"}


def _question(run: TaskRun, situation: Situation, advice: Advice) -> Question[NoteWordingAnswer]:
    async def values() -> dict[str, str]:
        return wording_values(run.task.request, advice.note, situation.output)

    def refuse(answer: NoteWordingAnswer) -> list[str]:
        return [] if clean_line(answer.wording) else ["`wording` says nothing"]

    speaker = Speaker(Role.ADVISOR)
    return Question("advise", "word_note", NoteWordingAnswer, speaker, "Word the note", values, refuse)


async def _end_call(run: TaskRun, step: str) -> None:
    try:
        await run.tools.gateway.cancel(f"{run.task.id}/{step}/")
    except OctraError as error:
        logger.info("the gateway ends the call by itself: %s", error.code)
