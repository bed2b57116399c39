"""Has all threads share one heap, and gives back what of it is free. Does nothing without glibc.

glibc gives each thread that allocates an arena of its own, of which little is given back: gRPC's and the database's
threads make them 6 MB in a daemon that should stay below 80. Python's lock lets one of them run at a time anyway.
"""

import ctypes
import gc

# M_ARENA_MAX of glibc's <malloc.h>; see mallopt(3).
_ARENA_MAX = -8


def share_heap() -> None:
    """Bounds glibc's arenas to one, for the rest of the process's life; to be called before threads start."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)


def give_back_heap() -> None:
    """Gives the kernel the pages in which nothing lives any more; glibc by itself keeps all that are not at the end.

    Cycles that nothing holds go first: imports leave many. Blocks for tens of milliseconds.
    """
    gc.collect()
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)
