"""Whose a port of this machine is, by the kernel's word.

A port belongs to whoever opened it first, and a question holds the sources of a project: it goes to no stranger's
process.
"""

import socket
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

# Below the process, where it also is where nothing else of /proc may be seen.
_TABLES = (Path("/proc/self/net/tcp"), Path("/proc/self/net/tcp6"))
_LISTENING = "0A"
_SYSTEM_UIDS = range(1000)
# Users that systemd makes for a service's lifetime (DynamicUser); nobody can log in as one.
_DYNAMIC_UIDS = range(61184, 65520)


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that takes connections to 127.0.0.1, and the user who opened it."""

    port: int
    uid: int


def read_listeners() -> frozenset[Listener]:
    """Returns all of this machine. Reads files of the kernel's: not for the event loop."""
    return frozenset(listener for table in _TABLES if table.exists() for listener in parse_listeners(table.read_text()))


def parse_listeners(table: str) -> Iterator[Listener]:
    """Returns the listeners of a table as `proc_net_tcp` documents it (Documentation/networking/proc_net_tcp.rst)."""
    for line in table.splitlines()[1:]:
        fields = line.split()
        address, _, port = fields[1].partition(":")
        if fields[3] == _LISTENING and address in _REACHED_BY_LOOPBACK:
            yield Listener(int(port, 16), int(fields[7]))


def strangers(port: int, listeners: Iterable[Listener], trusted: frozenset[int]) -> list[int]:
    """Returns the uids at a port that are neither root, nor a service of the system, nor `trusted`."""
    uids = {listener.uid for listener in listeners if listener.port == port}
    return sorted(uid for uid in uids if uid not in trusted and uid not in _SYSTEM_UIDS and uid not in _DYNAMIC_UIDS)


def _in_table(address: bytes) -> str:
    """An address as the table has it: words of 32 bits, each in the machine's own order."""
    words = (address[at : at + 4] for at in range(0, len(address), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)


_REACHED_BY_LOOPBACK = frozenset(
    [_in_table(socket.inet_pton(socket.AF_INET, address)) for address in ("127.0.0.1", "0.0.0.0")]  # noqa: S104 - as sought
    + [
        _in_table(socket.inet_pton(socket.AF_INET6, address))
        for address in ("::", "::ffff:127.0.0.1", "::ffff:0.0.0.0")
    ]
)
