"""What a call through the gateway costs over the bare request that it makes: alone, and with 32 under way.

A call is what a task waits for: gRPC, two records on disk, LiteLLM, HTTP, and the answer's check.
With 32 under way it is measured twice. Where the model takes a second, as real ones do or more, what is compared is how
long one waits for an answer. Where it answers at once, processors are what is short: then it is the time of all calls
together, divided by their number.
"""

import asyncio
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import httpx

from octrad.foundation.once.connection import ServantConnection
from octrad.gateway.calls import Completion, Message
from octrad.gateway.client import GatewayClient
from tests.bench.calls import ask_bare
from tests.bench.figures import Figure
from tests.bench.timing import Pair, await_ms, medians
from tests.daemon import House, Rehearsal, config_for, house

AT_ONCE = 32
WARM_UP_CALLS = 50
CALLS_ALONE = 200
# Of each, in turn.
ROUNDS = 3
CALLS_A_ROUND = 10 * AT_ONCE
LIMIT_MS = 5
THINKING_S = 1.0
QUESTION = Completion("validate", (Message("user", "Is it done?"),), '{"type": "object"}', ("rehearsal/large",))
HARD_QUESTION = replace(QUESTION, chain=("rehearsal/thinking",))

Call = Callable[[Completion], Awaitable[None]]


def measure(rehearsal: Rehearsal) -> Iterator[Figure]:
    with ExitStack() as stack:
        config = config_for(rehearsal, "large").replace("[models]", f"[models]\ncalls_at_once = {AT_ONCE}")
        daemon = stack.enter_context(house(config))
        alone, waiting, busy = asyncio.run(measure_calls(daemon, rehearsal))
    for name, times in (
        ("gateway call, alone", alone),
        (f"gateway call, {AT_ONCE} under way, the model takes {THINKING_S:g} s", waiting),
        (f"gateway call, {AT_ONCE} under way, the model answers at once (all ÷ number)", busy),
    ):
        yield Figure(name, times.ours, "ms", "over", LIMIT_MS, "bare httpx call", times.reference)


async def measure_calls(daemon: House, rehearsal: Rehearsal) -> tuple[Pair, Pair, Pair]:
    """Alone; with others while the model thinks; with others while it does not."""
    connection = ServantConnection("gateway", daemon.state_dir, daemon.base / "octrad.toml")
    gateway, numbers = GatewayClient(connection), itertools.count()
    limits = httpx.Limits(max_connections=AT_ONCE)
    try:
        async with asyncio.TaskGroup() as acknowledging, httpx.AsyncClient(limits=limits) as client:

            async def ours(question: Completion) -> None:
                request_id = f"bench/validate/{next(numbers)}/#1"
                await gateway.complete(request_id, question)
                # Beside what comes next, as the pipeline does it.
                acknowledging.create_task(gateway.acknowledge(request_id))

            async def bare(question: Completion) -> None:
                await ask_bare(client, rehearsal, next(numbers), model=question.chain[0].partition("/")[2])

            alone = [
                (await await_ms(ours(QUESTION)), await await_ms(bare(QUESTION)))
                for _ in range(WARM_UP_CALLS + CALLS_ALONE)
            ]
            waiting = [(await median_ms(ours), await median_ms(bare)) for _ in range(ROUNDS)]
            busy = [(await share_ms(ours), await share_ms(bare)) for _ in range(ROUNDS)]
        return medians(alone[WARM_UP_CALLS:]), medians(waiting), medians(busy)
    finally:
        await connection.close()


async def median_ms(call: Call) -> float:
    """How long one of many calls takes, so many under way that begin spread over the time that the model takes."""
    taken: list[float] = []

    async def one_after_the_other(place: int) -> None:
        await asyncio.sleep(THINKING_S * place / AT_ONCE)
        taken.extend([await await_ms(call(HARD_QUESTION)) for _ in range(CALLS_A_ROUND // AT_ONCE)])

    await asyncio.gather(*(one_after_the_other(place) for place in range(AT_ONCE)))
    return statistics.median(taken)


async def share_ms(call: Call) -> float:
    """The time of many calls, so many under way, divided by their number."""

    async def one_after_the_other() -> None:
        for _ in range(CALLS_A_ROUND // AT_ONCE):
            await call(QUESTION)

    started = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
    return (time.perf_counter() - started) * 1000 / CALLS_A_ROUND
