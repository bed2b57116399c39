"""Takes a request that is new, and says of one that is not which earlier task was asked for the same."""

from dataclasses import replace

from octrad.api.authorise import current_caller
from octrad.api.parts import Parts
from octrad.api.roles import Caller
from octrad.foundation.config import Config
from octrad.foundation.ids import TaskId
from octrad.pipeline.questions.embed_request import RequestEmbedder
from octrad.tasks.budget import Subject
from octrad.tasks.find_duplicate import Comparison
from octrad.tasks.submit_task import Submission, is_new_request, submit_task
from octrad.tasks.task import Task


async def take_request(parts: Parts, submission: Submission, *, request_id: str, allow_duplicate: bool) -> Task:
    """Records and queues it; a request id that was answered before gets its answer again, duplicate or not.

    Args:
        parts: those of the daemon.
        submission: what is asked for.
        request_id: makes the call idempotent, unless empty.
        allow_duplicate: whether it is taken also when the same was asked for before.

    Raises:
        DuplicateRequestError: an earlier task was asked for the same, or nearly so.
        OctraError: as `submit_task`.
    """
    caller, config = current_caller(), parts.config
    is_refused = config.duplicates.refuse and not allow_duplicate
    comparison = Comparison(refuse_at=config.duplicates.similarity if is_refused else None)
    # What text and words already tell costs nothing, and is looked at before anybody is paid.
    if _may_be_embedded(submission, config) and await is_new_request(
        parts.database,
        submission,
        request_id=request_id,
        uid=caller.uid,
        quota=caller.quota,
        refuse_at=comparison.refuse_at,
    ):
        embedder = RequestEmbedder(parts.database, parts.gateway, parts.library.current)
        embedded = await embedder.embed(submission.request, _subject(submission, caller), config)
        comparison = replace(embedded, refuse_at=comparison.refuse_at)
    return await submit_task(
        parts.database,
        submission,
        request_id=request_id,
        uid=caller.uid,
        user_name=caller.name,
        quota=caller.quota,
        comparison=comparison,
    )


def _may_be_embedded(submission: Submission, config: Config) -> bool:
    """A rehearsal costs nothing and tells nobody: no other provider hears of it."""
    provider = config.providers.get(config.models.embedding.partition("/")[0])
    return provider is not None and (provider.kind == "rehearsal" or not submission.rehearsal)


def _subject(submission: Submission, caller: Caller) -> Subject:
    return Subject(TaskId(""), submission.project, caller.uid, caller.name, submission.budget_usd)
