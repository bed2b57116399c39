"""Looks for servers of local models: all at once, for a quarter of a second, where somebody known listens.

Asks only what is loaded; sends no question, no key, and nothing to another machine.
"""

import asyncio
import contextlib
import json
import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from octrad.foundation.accounts import find_uid, user_name
from octrad.foundation.config import Config
from octrad.foundation.errors import ConfigurationError
from octrad.gateway.server.local.known_servers import SERVERS, KnownServer, LoadedModel, loaded_models
from octrad.gateway.server.local.port_owners import Listener, read_listeners, strangers

PROBE_S = 0.25
FRESH_S = 30.0
ANSWER_BYTES = 1024 * 1024
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,9})[ \t]*\r$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FoundServer:
    """What was found at one port: models, or why none is asked."""

    server: KnownServer
    models: tuple[LoadedModel, ...] = ()
    refusal: str = ""


class LocalServers:
    """The local servers of this machine, looked at again when what is known is old.

    Args:
        servers: where to look.
        probe_s: how long each may take to answer.
    """

    def __init__(self, servers: Sequence[KnownServer] = SERVERS, *, probe_s: float = PROBE_S) -> None:
        self._servers = servers
        self._probe_s = probe_s
        self._looking = asyncio.Lock()
        self._found: tuple[FoundServer, ...] = ()
        self._looked_at = -FRESH_S

    async def find(self, config: Config, *, fresh_s: float = FRESH_S) -> tuple[FoundServer, ...]:
        """Returns what a look not older than `fresh_s` found, in the order of the known servers; it may be made now.

        Nothing where `models.local_servers` is off.
        """
        if config.models.local_servers == "off":
            return ()
        async with self._looking:
            if time.monotonic() - self._looked_at >= fresh_s:
                self._found = await self._look(config)
                self._looked_at = time.monotonic()
        return self._found

    async def _look(self, config: Config) -> tuple[FoundServer, ...]:
        listeners = await asyncio.to_thread(read_listeners)
        ports = {listener.port for listener in listeners}
        trusted = await asyncio.to_thread(trusted_uids, config)
        looks = (self._look_at(server, listeners, trusted) for server in self._servers if server.port in ports)
        return tuple(found for found in await asyncio.gather(*looks) if found.models or found.refusal)

    async def _look_at(
        self, server: KnownServer, listeners: frozenset[Listener], trusted: frozenset[int]
    ) -> FoundServer:
        if unknown := strangers(server.port, listeners, trusted):
            name = await asyncio.to_thread(user_name, unknown[0])
            whose = f"user {name} (uid {unknown[0]})" if name else f"uid {unknown[0]}"
            return FoundServer(
                server,
                refusal=f"port {server.port} is held by {whose}, who is neither root, a service of the system, "
                "the gateway's user nor an owner of `access.owner.users`",
            )
        answer = None
        # Whatever else listens there answers as it likes.
        with contextlib.suppress(OSError, ValueError, EOFError, asyncio.LimitOverrunError, RecursionError):
            async with asyncio.timeout(self._probe_s):
                answer = await _get_json(server.port, server.path)
        return FoundServer(server, loaded_models(server, answer))


def trusted_uids(config: Config) -> frozenset[int]:
    """The users whose servers may be asked, besides root and services: the gateway's own, and owners."""
    uids = {os.geteuid()}
    for name in config.access.owner.users:
        with contextlib.suppress(ConfigurationError):  # octrad refuses to start with it; it trusts nobody
            uids.add(find_uid(name, "access.owner.users"))
    return frozenset(uids)


async def _get_json(port: int, path: str) -> Any:
    """Asks a server of this machine, in HTTP/1.0, which knows no chunks and ends with its connection.

    Raises:
        OSError: nobody listens, or the connection broke; TimeoutError is one.
        ValueError: not an answer in JSON.
        EOFError: cut off.
        LimitOverrunError: a head without end.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if head.split(b" ", 2)[1:2] != [b"200"]:
            raise ValueError("not a 200")
        length = _LENGTH.search(head)
        size = min(int(length[1]) if length else ANSWER_BYTES, ANSWER_BYTES)
        body = bytearray()
        while len(body) < size and (piece := await reader.read(size - len(body))):
            body += piece
        return json.loads(body)
    finally:
        writer.transport.abort()
