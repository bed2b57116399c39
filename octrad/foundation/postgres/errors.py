"""What goes wrong with the database, and which of it passes by itself."""

import psycopg
import psycopg_pool

from octrad.foundation.errors import UnavailableError


class DatabaseUnavailableError(UnavailableError):
    """PostgreSQL does not answer now."""

    code = "database_unavailable"


def is_outage(error: BaseException) -> bool:
    """Whether the server or the connection to it went away, so that the same may succeed later."""
    match error:
        case psycopg_pool.PoolTimeout() | psycopg_pool.TooManyRequests():
            return True
        case psycopg.errors.InsufficientResources() | psycopg.errors.OperatorIntervention():
            # OperatorIntervention has QueryCanceled below it: somebody's decision, not an outage.
            return not isinstance(error, psycopg.errors.QueryCanceled | psycopg.errors.DiskFull)
        case psycopg.OperationalError():
            # Without a state: the connection broke. 08: connection exceptions.
            return error.sqlstate is None or error.sqlstate.startswith("08")
        case _:
            return False


def is_conflict(error: BaseException) -> bool:
    """Whether two transactions got in each other's way and one of them is to be made again."""
    return isinstance(error, psycopg.errors.SerializationFailure | psycopg.errors.DeadlockDetected)
