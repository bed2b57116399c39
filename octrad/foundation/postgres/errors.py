"""What goes wrong with the database, and which of it passes by itself."""

import psycopg
import psycopg_pool

from octrad.foundation.errors import UnavailableError


class DatabaseUnavailableError(UnavailableError):
    """PostgreSQL does not answer now."""

    code = "database_unavailable"


# https://www.postgresql.org/docs/current/errcodes-appendix.html: connection exceptions; the server shuts down, crashed
# or starts; too many connections, out of memory. Not 57014 (a cancelled query: a decision) nor 53100 (disk full).
_PASSING_STATES = ("08", "57P0", "53000", "53200", "53300")


def is_outage(error: BaseException) -> bool:
    """Whether the server or the connection to it went away, so that the same may succeed later."""
    match error:
        case psycopg_pool.PoolTimeout() | psycopg_pool.TooManyRequests():
            return True
        case psycopg.OperationalError():
            # Without a state: the connection broke. The classes of psycopg are flat, so it is the state that tells.
            return error.sqlstate is None or error.sqlstate.startswith(_PASSING_STATES)
        case _:
            return False


def is_conflict(error: BaseException) -> bool:
    """Whether two transactions got in each other's way and one of them is to be made again."""
    return isinstance(error, psycopg.errors.SerializationFailure | psycopg.errors.DeadlockDetected)
