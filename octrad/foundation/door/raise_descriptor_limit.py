"""Raises how many descriptors this process may have open, as far as it may by itself.

1024 is what a process gets for the sake of programs that use select(2), and few for one that holds three for each
connection: two users could take them all.
"""

import resource

DESCRIPTORS = 8192


def raise_descriptor_limit() -> None:
    """Raises the soft limit to `DESCRIPTORS`, or to the hard one where that is less. Never lowers it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
