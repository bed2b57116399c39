"""A servant whose work appends a line to a file, so that a test can count how often it was really done.

It speaks the gateway's protocol: the question says what to do, the first message names a pipe to wait for.
"""

# ruff: noqa: N802, ARG002 - the names and shapes are those of grpc
import argparse
import asyncio
import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path

import grpc.aio

from octra_proto.gateway.v1 import gateway_pb2 as pb
from octra_proto.gateway.v1 import gateway_pb2_grpc as rpc
from octrad.foundation.config import Config, Servant, load_config
from octrad.foundation.end_process import readable
from octrad.foundation.errors import ExhaustedError, NotFoundError
from octrad.foundation.once.engine import Engine
from octrad.foundation.once.messages import (
    Accepted,
    Failed,
    Finished,
    Interrupted,
    Message,
    Progress,
    Report,
    request_digest,
)
from octrad.foundation.once.servant import serve_servant
from octrad.foundation.settings import Settings


class LineServicer(rpc.GatewayServiceServicer):
    def __init__(self, engine: Engine, lines: Path) -> None:
        self._engine = engine
        self._lines = lines

    async def Execute(self, request: pb.ExecuteRequest, context: object) -> AsyncIterator[pb.ExecuteResponse]:
        async def work(report: Report) -> bytes:
            return await self._work(request, report)

        async for message in self._engine.execute(
            request.id,
            request_digest(request),
            work,
            after_progress=request.after_progress,
            again_if_interrupted=request.again_if_interrupted,
        ):
            yield _response(message)

    async def Acknowledge(self, request: pb.AcknowledgeRequest, context: object) -> pb.AcknowledgeResponse:
        await self._engine.acknowledge(request.id)
        return pb.AcknowledgeResponse()

    async def Cancel(self, request: pb.CancelRequest, context: object) -> pb.CancelResponse:
        return pb.CancelResponse(cancelled=await self._engine.cancel(request.id_prefix))

    async def ListModels(self, request: pb.ListModelsRequest, context: object) -> pb.ListModelsResponse:
        raise NotFoundError("no model here … none at all", hint="ask elsewhere … please")

    async def Embed(self, request: pb.EmbedRequest, context: object) -> pb.EmbedResponse:
        raise NotFoundError("no model here")

    async def Audit(self, request: pb.AuditRequest, context: object) -> pb.AuditResponse:
        raise NotFoundError("no model here")

    async def _work(self, request: pb.ExecuteRequest, report: Report) -> bytes:
        question = request.completion.question
        if question != "quiet":
            with self._lines.open("a") as lines:
                lines.write(f"{request.id}\n")
        match question:
            case "fail":
                raise ExhaustedError("no more", hint="less")
            case "wait":
                report(b"waiting")
                await _pipe(request.completion.messages[0].content)
            case "chat":
                for number in range(10_000):
                    report(b"%d" % number)
        return pb.Finished(answer_json=f'"{request.id}"', model="line").SerializeToString()


async def _pipe(name: str) -> None:
    fd = os.open(name, os.O_RDWR | os.O_NONBLOCK)
    try:
        await readable(fd)
    finally:
        os.close(fd)


def _response(message: Message) -> pb.ExecuteResponse:
    match message:
        case Accepted():
            return pb.ExecuteResponse(accepted=pb.Accepted())
        case Progress(number, payload, missed):
            attempt = pb.Attempt(model=payload.decode())
            return pb.ExecuteResponse(progress=pb.Progress(number=number, attempt=attempt, missed=missed))
        case Finished(payload):
            return pb.ExecuteResponse(finished=pb.Finished.FromString(payload))
        case Failed(code, message_, hint, retryable, _):
            return pb.ExecuteResponse(failed=pb.Failed(code=code, message=message_, hint=hint, retryable=retryable))
        case Interrupted():
            return pb.ExecuteResponse(interrupted=pb.Interrupted())


def _config(idle_exit_s: float) -> Config:
    return Config(servant=Servant(idle_exit_s=idle_exit_s))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--idle-exit-s", type=float, default=60.0)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO)

    def add(server: grpc.aio.Server, engine: Engine) -> None:
        rpc.add_GatewayServiceServicer_to_server(LineServicer(engine, arguments.state_dir / "lines"), server)

    config = load_config(arguments.config) if arguments.config else _config(arguments.idle_exit_s)
    asyncio.run(serve_servant("line", arguments.state_dir, Settings(config, arguments.config), add))


if __name__ == "__main__":
    main()
