"""Starts a program as another user of the machine, for tests that root runs."""

from collections.abc import Sequence


def as_user(uid: int, *, gid: int | None = None, groups: Sequence[int] = ()) -> list[str]:
    """What to put before a command, so that it runs as that uid, with just those supplementary groups.

    It keeps the right to *read* all files, because the interpreter may lie in a home of root's. That gives it no right
    to a socket: connecting to one is writing.
    """
    supplementary = ("--groups", ",".join(map(str, groups))) if groups else ("--clear-groups",)
    may_read = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    return ["setpriv", "--reuid", str(uid), "--regid", str(gid or uid), *supplementary, *may_read, "--"]
