"""What was planted outside of the sandbox for the attempts to find: told to them, since a model may know it as well."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Canary:
    """Where things are that must not be reached.

    `reversed_secret`: the secret, which is not to be found in this text itself. `process`: the pid of a process that
    has the secret in its environment, under the uid of the runner. `directory`: one that everybody may write in.
    """

    reversed_secret: str
    state_dir: str
    config_path: str
    snapshot: str
    runner_socket: str
    directory: str
    secret_file: str
    shared_memory_file: str
    credentials: str
    process: int
    port: int
    abstract_socket: str
    socket: str

    @property
    def secret(self) -> str:
        return self.reversed_secret[::-1]

    @property
    def text(self) -> str:
        """It as one argument of a command line."""
        return json.dumps(asdict(self))


def read_canary(text: str) -> Canary:
    """Reads what `Canary.text` wrote."""
    return Canary(**json.loads(text))
