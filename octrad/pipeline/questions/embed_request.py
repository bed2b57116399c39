"""Has the configured embedding model make a vector of a request, so that it can be compared by what it means.

That is a help, never a hindrance: whatever goes wrong, or takes too long, the request is compared by its words, and a
remark says so. It comes before there is a task, so nothing can be reserved for it: a budget that is used up forbids it,
and one that is nearly so is overshot by one call at most, of a fraction of a cent.
"""

from dataclasses import replace
from datetime import UTC, datetime

from octrad.foundation.config import Config
from octrad.foundation.errors import OctraError
from octrad.foundation.ids import new_id
from octrad.foundation.postgres.pool import Database
from octrad.gateway.calls import Embedding
from octrad.gateway.client import GatewayClient
from octrad.knowledge.library import Library
from octrad.pipeline import step_names
from octrad.pipeline.questions.ask import ledger_row
from octrad.pipeline.questions.content_hash import hash_content
from octrad.tasks.budget import Subject, budgets_of
from octrad.tasks.find_duplicate import Comparison, RequestVector
from octrad.tasks.hold_to_budgets import hold_to_budgets
from octrad.tasks.task import Role

# Of a long request, what comes first says what it is about; and every embedding model takes so much.
CHARACTERS_READ = 8000
_ERROR_CHARACTERS = 300


class RequestEmbedder:
    """Asks the embedding model.

    Args:
        database: where budgets are looked up.
        gateway: where models are asked.
        library: stamped on the calls in the ledger.
    """

    def __init__(self, database: Database, gateway: GatewayClient, library: Library) -> None:
        self._database = database
        self._gateway = gateway
        self._library = library

    async def embed(self, request: str, subject: Subject, config: Config) -> Comparison:
        """What a request can be compared by, with what that cost; by its words alone where there is no vector."""
        model = config.models.embedding
        now = datetime.now(UTC)
        try:
            await hold_to_budgets(self._database, budgets_of(subject, config.budgets, now))
            embedding = await self._ask(model, request, config.duplicates.wait_s)
        except OctraError as error:
            return Comparison(remark=_remark(model, error.message))
        row = ledger_row(embedding.attempt, hash_content(self._library))
        calls = (replace(row, step=step_names.COMPARE, role=Role.DAEMON, at=now),)
        if not embedding.vector:
            return Comparison(calls=calls, remark=_remark(model, embedding.attempt.error))
        return Comparison(vector=RequestVector(model, embedding.vector), calls=calls)

    async def _ask(self, model: str, request: str, wait_s: float) -> Embedding:
        call_id = f"{step_names.COMPARE}/{new_id()}/#1"
        return await self._gateway.embed(call_id, model, request[:CHARACTERS_READ], timeout_s=wait_s)


def _remark(model: str, reason: str) -> str:
    return f"compared with earlier requests by its words alone: {model} gave no vector: {reason[:_ERROR_CHARACTERS]}"
