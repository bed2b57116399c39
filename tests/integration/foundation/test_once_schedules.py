"""Random schedules of callers and kills, against work that appends a line to a file: count the lines.

A kill is made inside the process: from one moment on nothing that the old servant does reaches the disk.
"""

import asyncio
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octrad.foundation.errors import OctraError, UnavailableError
from octrad.foundation.once.engine import Engine
from octrad.foundation.once.messages import Failed, Finished, Outcome, Report
from octrad.foundation.once.spool import Spool

IDS = ("t1/plan/#1", "t1/work/#1", "t2/plan/#1")
DIGEST = b"d" * 32
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None

STEPS = st.one_of(
    st.tuples(st.just("ask"), st.sampled_from(IDS)),
    st.tuples(st.just("ask"), st.sampled_from(IDS)),
    st.tuples(st.just("let"), st.sampled_from(IDS)),
    st.tuples(st.just("leave"), st.sampled_from(IDS)),
    st.tuples(st.just("acknowledge"), st.sampled_from(IDS)),
    st.tuples(st.just("cancel"), st.sampled_from(("t1/", "t2/"))),
    st.tuples(st.just("turn"), st.integers(0, 6)),
    st.tuples(st.just("settle"), st.just("")),
    st.tuples(st.just("kill"), st.just("")),
)


class MortalSpool(Spool):
    """A spool that a kill can cut off from the disk."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._life = threading.Lock()
        self._is_dead = False

    def kill(self) -> None:
        with self._life:
            self._is_dead = True
        self.close()

    def accept(self, request_id: str, digest: bytes) -> None:
        with self._life:
            self._check_life()
            super().accept(request_id, digest)

    def finish(self, request_id: str, outcome: Outcome) -> None:
        with self._life:
            self._check_life()
            super().finish(request_id, outcome)

    def forget(self, request_id: str) -> None:
        with self._life:
            self._check_life()
            super().forget(request_id)

    def _check_life(self) -> None:
        if self._is_dead:
            raise UnavailableError("killed")


@dataclass
class World:
    """What the test knows: lines that were written, answers that were told, and how many lines are excusable."""

    directory: Path
    lines: Counter[str] = field(default_factory=Counter)
    allowed: Counter[str] = field(default_factory=Counter)
    told: dict[str, Outcome] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    waiters: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.gates = {name: asyncio.Event() for name in IDS}
        self.spool = MortalSpool(self.directory)
        self.engine = Engine(self.spool)

    async def do(self, step: str, name: str | int) -> None:  # noqa: C901 - a table
        match step, name:
            case "ask", str():
                self.ask(name)
            case "let", str():
                self.gates[name].set()
            case "leave", str():
                for waiter in [waiter for waiter in self.waiters if waiter.get_name() == name][:1]:
                    waiter.cancel()
            case "acknowledge", str():
                await self.acknowledge(name)
            case "cancel", str():
                await self.engine.cancel(name)
            case "turn", int():
                for _ in range(name):
                    await asyncio.sleep(0)
            case "settle", _:
                await self.settle()
            case "kill", _:
                await self.kill()

    def ask(self, name: str) -> None:
        if name not in self.asked:
            self.asked.add(name)
            self.allowed[name] += 1
        task = asyncio.create_task(self._wait_for(name), name=name)
        self.waiters.add(task)
        task.add_done_callback(self.waiters.discard)

    async def _wait_for(self, name: str) -> None:
        engine = self.engine
        try:
            async for message in engine.execute(name, DIGEST, self._work(name), again_if_interrupted=True):
                if isinstance(message, Finished | Failed) and engine is self.engine:
                    assert self.told.setdefault(name, message) == message, "another answer than before"
        except OctraError:
            assert engine is not self.engine, "only a killed servant refuses"

    def _work(self, name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a closure
        gates = self.gates

        async def work(report: Report) -> bytes:
            with (self.directory.parent / "lines").open("a") as lines:
                lines.write(f"{name}\n")
            self.lines[name] += 1
            report(b"written")
            ordinal = self.lines[name]
            await gates[name].wait()
            return f"{name} {ordinal}".encode()

        return work

    async def acknowledge(self, name: str) -> None:
        """As a caller does: only what it was told."""
        if name in self.told:
            # Those who still wait are of a caller that was told already: they are gone with it.
            await self._dismiss(name)
            del self.told[name]
            self.asked.discard(name)
            await self.engine.acknowledge(name)

    async def settle(self) -> None:
        for gate in self.gates.values():
            gate.set()
        while self.waiters:
            await asyncio.wait(set(self.waiters), timeout=5)

    async def kill(self) -> None:
        for name in self.asked - set(self.told):
            self.allowed[name] += 1  # in flight in a servant that is itself killed: made again
        dead, engine = self.spool, self.engine
        dead.kill()
        self.start()
        for waiter in set(self.waiters):
            waiter.cancel()
        running = [task for task in asyncio.all_tasks() if task.get_name().startswith("execute ")]
        works = [execution.work for execution in engine._executions.values() if execution.work]  # noqa: SLF001 - a killed servant asks nobody
        for task in (*running, *works):
            task.cancel()
        await asyncio.gather(*running, *works, *self.waiters, return_exceptions=True)

    async def _dismiss(self, name: str) -> None:
        gone = [waiter for waiter in self.waiters if waiter.get_name() == name]
        for waiter in gone:
            waiter.cancel()
        await asyncio.gather(*gone, return_exceptions=True)

    async def check(self) -> None:
        for name in IDS:
            if name in self.asked:
                self.ask(name)
        await self.settle()
        assert set(self.told) == self.asked, "everybody who asks is told"
        for name in IDS:
            assert self.lines[name] <= self.allowed[name], f"{name} was executed too often"
        written = (self.directory.parent / "lines").read_text().split() if self.lines else []
        assert Counter(written) == +self.lines


@settings(max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=25))
def test_random_schedules_never_execute_twice(steps: list[tuple[str, str | int]]) -> None:
    async def run(directory: Path) -> None:
        async with asyncio.timeout(30):
            world = World(directory)
            for step, name in steps:
                await world.do(step, name)
            await world.check()
            world.spool.close()

    with tempfile.TemporaryDirectory(dir=MEMORY) as directory:
        asyncio.run(run(Path(directory) / "spool"))
