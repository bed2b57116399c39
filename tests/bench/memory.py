"""Whether the gateway's memory stays what it is while it works."""

import asyncio
from collections.abc import Iterator

from octrad.foundation.once.connection import ServantConnection
from octrad.gateway.calls import Completion, Message
from octrad.gateway.client import GatewayClient
from tests.bench.client import resident_mb
from tests.bench.figures import Figure
from tests.daemon import House

CALLS = 5000
# Until every buffer, pool and cache is as large as it gets.
WARM_UP_CALLS = 1000
AT_ONCE = 32
QUESTION = Completion("validate", (Message("user", "Is it done?"),), '{"type": "object"}')
# What comes and goes with the allocator.
LIMIT_MB = 8


def measure(daemon: House) -> Iterator[Figure]:
    grown_mb = asyncio.run(growth_mb(daemon))
    yield Figure(f"gateway's memory, grown over {CALLS:,} calls", grown_mb, "MB", "absolute", LIMIT_MB)


async def growth_mb(daemon: House) -> float:
    """How much more is resident after the calls than before them."""
    connection = ServantConnection("gateway", daemon.state_dir, daemon.base / "octrad.toml")
    gateway = GatewayClient(connection)
    try:
        await make_calls(gateway, range(WARM_UP_CALLS))
        pid = daemon.servant_pids()["gateway"]
        before_mb = resident_mb(pid)
        await make_calls(gateway, range(WARM_UP_CALLS, WARM_UP_CALLS + CALLS))
        assert daemon.servant_pids()["gateway"] == pid
        return resident_mb(pid) - before_mb
    finally:
        await connection.close()


async def make_calls(gateway: GatewayClient, numbers: range) -> None:
    """Makes and acknowledges a call for each number, so many at once."""
    left = iter(numbers)

    async def one_after_the_other() -> None:
        for number in left:
            request_id = f"memory/validate/{number}/#1"
            await gateway.complete(request_id, QUESTION)
            await gateway.acknowledge(request_id)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(one_after_the_other())
