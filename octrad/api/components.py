"""The health of the daemon's parts: each is asked, all at once, and one that is slow to answer is unhealthy."""

import asyncio
from collections.abc import Awaitable

from octra_proto.v1.system_pb2 import Component
from octrad.api.parts import Parts
from octrad.foundation.errors import OctraError
from octrad.foundation.once.connection import ServantConnection
from octrad.runner.reading import HostReport

ANSWER_S = 10.0


async def inspect_components(parts: Parts) -> list[Component]:
    """Asks every part. Never raises for one that is not well: that is what it tells."""
    asked = {
        "database": _database(parts),
        "cache": _cache(parts),
        "gateway": _gateway(parts.gateway_connection),
        "runner": _runner(parts),
        "library": _library(parts),
    }
    found = await asyncio.gather(*(_inspect(name, answer) for name, answer in asked.items()))
    return [component for components in found for component in components]


async def _inspect(name: str, answer: Awaitable[list[Component]]) -> list[Component]:
    try:
        async with asyncio.timeout(ANSWER_S):
            return await answer
    except OctraError as error:
        return [Component(name=name, healthy=False, detail=error.message)]
    except TimeoutError:
        return [Component(name=name, healthy=False, detail=f"no answer within {ANSWER_S:g} s")]


async def _database(parts: Parts) -> list[Component]:
    async with parts.database.connection() as connection:
        row = await (await connection.execute("SHOW server_version")).fetchone()
    where = "private" if not (parts.config.database.dsn or parts.config.database.dsn_file) else "configured"
    return [Component(name="database", healthy=row is not None, detail=f"PostgreSQL {row[0] if row else '?'}, {where}")]


async def _cache(parts: Parts) -> list[Component]:
    where = "Redis" if parts.config.cache.redis_url else "in the process"
    return [Component(name="cache", healthy=await parts.cache.is_healthy(), detail=where)]


async def _library(parts: Parts) -> list[Component]:
    library = parts.library.current
    counts = f"{len(library.stacks)} stacks, {len(library.guides)} guides, {len(library.skill_shelf.entries)} skills"
    own = f", of them yours: {', '.join(library.own)}" if library.own else ""
    detail = "; ".join(library.faults) or f"{counts}{own}"
    return [Component(name="library", healthy=not library.faults, detail=detail)]


async def _gateway(connection: ServantConnection) -> list[Component]:
    # It takes seconds to load what it needs: a look at the state is no reason to wake it.
    detail = "running" if await connection.is_awake() else "asleep, wakes when asked"
    return [Component(name="gateway", healthy=True, detail=detail)]


async def _runner(parts: Parts) -> list[Component]:
    report = await parts.runner.inspect_host()
    wrong = [finding for finding in report.findings if not finding.ok]
    detail = "; ".join(finding.detail for finding in wrong) or f"works on {report.running}"
    return [Component(name="runner", healthy=not wrong, detail=detail), _nix(report)]


def _nix(report: HostReport) -> Component:
    source = "the host's tools stand in for nixpkgs" if report.stand_in else report.nixpkgs
    faults = [finding for finding in report.findings if finding.name.startswith("nix") and not finding.ok]
    detail = f"Nix {report.nix_version or 'is missing'}, store {report.store_dir}, {source}"
    return Component(name="nix", healthy=bool(report.nix_version) and not faults, detail=detail)
