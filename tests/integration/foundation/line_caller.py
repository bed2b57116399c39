"""A caller that can be killed between any two of its steps: asks, records, acknowledges, like a step of the journal.

Usage: line_caller STATE_DIR ID QUESTION PIPE [STEP], where it kills itself with SIGKILL when it comes to STEP:
connected, accepted, told, recorded or acknowledged.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import grpc.aio

from octra_proto.gateway.v1 import gateway_pb2 as pb
from octra_proto.gateway.v1 import gateway_pb2_grpc as rpc
from octrad.foundation.once.connection import ServantConnection
from octrad.foundation.once.execute_once import execute_once


def connection_to(state_dir: Path, *options: str) -> ServantConnection:
    command = [sys.executable, "-m", "tests.integration.foundation.line_servant", "--state-dir", str(state_dir)]
    return ServantConnection("line", state_dir, command=[*command, *options])


def request_for(request_id: str, question: str, pipe: str, after_progress: int) -> pb.ExecuteRequest:
    message = pb.Message(role="user", content=pipe)
    return pb.ExecuteRequest(
        id=request_id,
        completion=pb.Completion(question=question, messages=[message]),
        after_progress=after_progress,
        again_if_interrupted=True,
    )


async def acknowledge(connection: ServantConnection, request_id: str) -> None:
    await connection.call(
        lambda channel: rpc.GatewayServiceStub(channel).Acknowledge(pb.AcknowledgeRequest(id=request_id))
    )


async def call(state_dir: Path, request_id: str, question: str, pipe: str, die_at: str = "") -> None:
    def step(name: str) -> None:
        if name == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    journal = state_dir / "journal"
    connection = connection_to(state_dir)

    async def stream(channel: grpc.aio.Channel, after: int) -> AsyncIterator[pb.ExecuteResponse]:
        step("connected")
        request = request_for(request_id, question, pipe, after)
        async for response in rpc.GatewayServiceStub(channel).Execute(request):
            if response.WhichOneof("message") == "accepted":
                step("accepted")
            yield response

    recorded = journal.read_text().split() if journal.exists() else []
    if request_id not in recorded:
        response = await execute_once(connection, stream, timeout_s=60)
        assert response.finished.answer_json == f'"{request_id}"'
        step("told")
        with journal.open("a") as lines:
            lines.write(f"{request_id}\n")
        step("recorded")
    await acknowledge(connection, request_id)
    step("acknowledged")
    await connection.close()


if __name__ == "__main__":
    asyncio.run(call(Path(sys.argv[1]), *sys.argv[2:]))
