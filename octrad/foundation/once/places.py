"""Where a servant keeps its lock, socket, spool and log below the state directory. Both sides derive it from here."""

from dataclasses import dataclass
from pathlib import Path

from octrad.foundation.unix_socket import private_socket_path

# What a message of the inner protocols may hold; grpc's own limit is 4 MiB.
MAX_MESSAGE_BYTES = 64 * 1024 * 1024
# Names the descriptor on which a started servant says that it is ready.
READY_FD_VARIABLE = "OCTRA_READY_FD"


@dataclass(frozen=True, slots=True)
class Places:
    """The files of the servant `name` below `state_dir`."""

    name: str
    state_dir: Path

    def make(self) -> None:
        """Makes the servant's own directory, for our user only."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory.chmod(0o700)

    @property
    def directory(self) -> Path:
        """The servant's own directory, 0700."""
        return self.state_dir / self.name

    @property
    def lock(self) -> Path:
        """Held with flock while it lives; contains its process id."""
        return self.directory / "lock"

    @property
    def spool(self) -> Path:
        """Accepted and finished requests."""
        return self.directory / "spool"

    @property
    def log(self) -> Path:
        """What it says on standard error when octrad started it."""
        return self.state_dir / "log" / f"{self.name}.log"

    def socket(self) -> Path:
        """Where it listens, unless systemd does so for it; makes the directory."""
        return private_socket_path(self.directory, f"{self.name}.sock")

    def inner_socket(self) -> Path:
        """Where gRPC listens, behind the front door; makes the directory."""
        return private_socket_path(self.directory, "inner")
