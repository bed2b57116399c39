"""Advises: finds the playbook for a situation and writes the note. Asks no model, and never fails for what is away."""

import asyncio
import logging
from pathlib import Path

from octrad.foundation.errors import OctraError
from octrad.gateway.calls import ModelsFailedError
from octrad.gateway.client import GatewayClient
from octrad.pipeline.advisor.choose_playbook import choose_playbook
from octrad.pipeline.advisor.load_playbooks import load_own_playbooks, shipped_playbooks
from octrad.pipeline.advisor.other_model import pick_other_model
from octrad.pipeline.advisor.situation import Situation
from octrad.pipeline.advisor.write_note import write_note
from octrad.tasks.transition import Advice

logger = logging.getLogger(__name__)

# The gateway looks into its configuration only; one that takes longer has other worries.
_LIST_MODELS_S = 10.0


async def advise(situation: Situation, gateway: GatewayClient, playbooks_dir: Path | None) -> Advice:
    """The note, and the one command to go on with."""
    own = await load_own_playbooks(playbooks_dir)
    playbook = choose_playbook(own, shipped_playbooks(), situation)
    return write_note(situation, playbook, await _find_other_model(situation, gateway))


async def _find_other_model(situation: Situation, gateway: GatewayClient) -> str:
    if situation.code != ModelsFailedError.code:
        return ""
    try:
        async with asyncio.timeout(_LIST_MODELS_S):
            return pick_other_model(situation, await gateway.list_models())
    except (OctraError, TimeoutError) as error:
        logger.info("another model is not looked for: %s", error)
        return ""
