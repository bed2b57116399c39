"""Has all threads share one heap. It is called before a process starts its threads, and does nothing without glibc.

glibc gives each thread that allocates an arena of its own, of which little is given back: gRPC's and the database's
threads make them 6 MB in a daemon that should stay below 80. Python's lock lets one of them run at a time anyway.
"""

import ctypes

# M_ARENA_MAX of glibc's <malloc.h>; see mallopt(3).
_ARENA_MAX = -8


def share_heap() -> None:
    """Bounds glibc's arenas to one, for the rest of the process's life."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
