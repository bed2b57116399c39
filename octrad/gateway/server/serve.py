"""`octrad gateway`: the only process that holds provider keys and speaks to providers. It has no database."""

import logging
from pathlib import Path

import grpc.aio

from octra_proto.gateway.v1.gateway_pb2_grpc import add_GatewayServiceServicer_to_server
from octrad.foundation.once.admit_clients import client_uids
from octrad.foundation.once.engine import Engine
from octrad.foundation.once.servant import serve_servant
from octrad.foundation.settings import Settings
from octrad.gateway.server.answer_question import QuestionAnswerer
from octrad.gateway.server.audit_chains import ChainAuditor
from octrad.gateway.server.call_embedding import EmbeddingCaller
from octrad.gateway.server.call_model import ModelCaller
from octrad.gateway.server.embed_text import TextEmbedder
from octrad.gateway.server.gateway_service import GatewayServicer
from octrad.gateway.server.health_board import HealthBoard
from octrad.gateway.server.keep_memory_private import keep_memory_private
from octrad.gateway.server.list_models import ModelLister
from octrad.gateway.server.load_litellm import LazyLiteLLM
from octrad.gateway.server.local.find_servers import LocalServers
from octrad.gateway.server.probe_keys import KeyProbes
from octrad.gateway.server.provider_keys import ProviderKeys, strike_out_of_logs
from octrad.gateway.server.provider_places import ProviderPlaces

# What a reload cannot change, because the gateway was made of these when it started.
_FIXED = ("servant", "models.calls_at_once")


async def serve(state_dir: Path, config_path: Path | None) -> None:
    """Serves on `state_dir`/gateway until idle for long enough or told to stop.

    Args:
        state_dir: octrad's state directory.
        config_path: the configuration; a question goes by what is in effect when it is asked.

    Raises:
        UnavailableError: a former gateway holds the lock and does not end.
    """
    keep_memory_private()
    settings = Settings.load(config_path, fixed=_FIXED, check=client_uids)
    keys = ProviderKeys()
    strike_out_of_logs(keys, logging.getLogger().handlers)
    litellm = LazyLiteLLM()
    local = LocalServers()

    def add_services(server: grpc.aio.Server, engine: Engine) -> None:
        caller, board = ModelCaller(litellm), HealthBoard()
        places = ProviderPlaces(settings.current.models.calls_at_once)
        answerer = QuestionAnswerer(settings, caller, keys, local, board, places)
        auditor = ChainAuditor(settings, litellm, keys, KeyProbes(caller, keys), local, board)
        embedder = TextEmbedder(settings, EmbeddingCaller(litellm), keys, board, places)
        lister = ModelLister(settings, keys, local, board)
        servicer = GatewayServicer(engine, answerer, lister, auditor, embedder, board)
        add_GatewayServiceServicer_to_server(servicer, server)
        litellm.start()

    await serve_servant("gateway", state_dir, settings, add_services)
