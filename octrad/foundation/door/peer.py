"""Who is at the other end of a Unix socket, by the kernel's word: what the process was when it connected.

Nothing that the peer sends is asked. The rules are unix(7)'s, SO_PEERCRED and SO_PEERGROUPS.
"""

import errno
import logging
import socket
import struct
from dataclasses import dataclass

logger = logging.getLogger(__name__)

_CREDENTIALS = struct.Struct("3i")
_NOBODY = 0xFFFFFFFF
# Linux's number for most architectures, x86-64 and arm64 among them; Python has no name for it.
_SO_PEERGROUPS = 59
# The most that Python's getsockopt reads: 256 groups.
_GROUPS_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Peer:
    """A process at the other end. `groups` are its primary and its supplementary groups."""

    uid: int
    gid: int
    pid: int
    groups: frozenset[int]


def read_peer(connection: socket.socket) -> Peer:
    """Who connected.

    Raises:
        OSError: the kernel does not know: the socket is not connected, or no Unix socket.
    """
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, gid = _CREDENTIALS.unpack(raw)
    if uid & _NOBODY == _NOBODY:  # (uid_t)-1: nobody was at the other end when it was connected
        raise OSError(errno.ENOTCONN, "the kernel knows no peer")
    return Peer(uid=uid & _NOBODY, gid=gid & _NOBODY, pid=pid, groups=frozenset({gid & _NOBODY, *_groups(connection)}))


def _groups(connection: socket.socket) -> tuple[int, ...]:
    try:
        raw = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _GROUPS_BYTES)
    except OSError as error:
        if error.errno != errno.ERANGE:
            raise
        # Groups only ever give rights, so that leaving them out gives nobody too many.
        logger.warning("a caller is in more than %d groups; only its primary group counts", _GROUPS_BYTES // 4)
        return ()
    return struct.unpack(f"{len(raw) // 4}I", raw)
