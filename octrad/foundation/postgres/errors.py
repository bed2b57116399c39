"""What goes wrong with the database, and which of it passes by itself."""

import psycopg
import psycopg_pool

from octrad.foundation.errors import UnavailableError

# What a server that is there says when it will take connections later.
_PASSING_WORDS = (
    "is starting up",
    "is shutting down",
    "in recovery mode",
    "not yet accepting connections",
    "too many clients",
    "connection slots are reserved",
    "terminating connection",
)


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
        case psycopg.OperationalError() if error.sqlstate is not None:
            # The classes of psycopg are flat, so it is the state that tells.
            return error.sqlstate.startswith(_PASSING_STATES)
        case psycopg.OperationalError():
            # The connection broke or could not be made. libpq gives no state for the latter, only the server's words.
            text = str(error)
            return "FATAL:" not in text or any(passing in text for passing in _PASSING_WORDS)
        case _:
            return False


def is_conflict(error: BaseException) -> bool:
    """Whether two transactions got in each other's way and one of them is to be made again."""
    return isinstance(error, psycopg.errors.SerializationFailure | psycopg.errors.DeadlockDetected)
