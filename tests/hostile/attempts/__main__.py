"""`python3 -m tests.hostile.attempts CANARY`: makes every attempt in a process of its own and says what came of it.

Needs Python and nothing else, so that an attempt never fails for want of a program. Its lines are `NAME OUTCOME WHY`:

- `reached`: it got there;
- `shut`: the kernel refused, or there was nothing there;
- `broken`: the attempt itself failed, and proves nothing.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

from tests.hostile.attempts import escaping, reaching, reading, writing
from tests.hostile.attempts.canary import Canary, read_canary

_TIMEOUT_S = 10
Attempt = Callable[[Canary], bool]


def attempts() -> dict[str, Attempt]:
    """All attempts, by name, such as `reading.passwords`."""
    return {name: attempt for module in (reading, writing, reaching, escaping) for name, attempt in _public(module)}


def _public(module: ModuleType) -> Iterator[tuple[str, Attempt]]:
    room = module.__name__.rpartition(".")[2]
    for name, value in vars(module).items():
        if getattr(value, "__module__", "") == module.__name__ and not name.startswith("_"):
            yield f"{room}.{name}", value


def _outcome(attempt: Attempt, canary: Canary) -> str:
    try:
        return "reached" if attempt(canary) else "shut nothing"
    except OSError as error:
        return f"shut {error.strerror}"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return f"broken {error!r}"


def _try_apart(name: str, attempt: Attempt, canary: Canary) -> None:
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        signal.alarm(_TIMEOUT_S)
        print(name, _outcome(attempt, canary), flush=True)  # noqa: T201 - this is how it is told
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        print(name, f"broken ended with status {status}", flush=True)  # noqa: T201 - as above


def main() -> None:
    """Makes them all."""
    canary = read_canary(sys.argv[1])
    for name, attempt in attempts().items():
        _try_apart(name, attempt, canary)


if __name__ == "__main__":
    main()
