"""The connection to octrad: one channel, one deadline a call, and the same call again when the answer was lost.

Every call is safe to repeat: reads change nothing, and what changes something carries a request id.
"""

import os
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

# Neither fork nor gRPC's own chatter on stderr is wanted; both are read when grpc is imported.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc

from octractl.find_socket import find_socket, not_running
from octractl.rpc_error import is_answered, is_lost_connection, translate_rpc_error

if TYPE_CHECKING:
    from octra_proto.v1.access_pb2_grpc import AccessServiceStub
    from octra_proto.v1.advisor_pb2_grpc import AdvisorServiceStub
    from octra_proto.v1.budgets_pb2_grpc import BudgetServiceStub
    from octra_proto.v1.context_pb2_grpc import ContextServiceStub
    from octra_proto.v1.knowledge_pb2_grpc import KnowledgeServiceStub
    from octra_proto.v1.snapshots_pb2_grpc import SnapshotServiceStub
    from octra_proto.v1.system_pb2_grpc import SystemServiceStub
    from octra_proto.v1.tasks_pb2_grpc import TaskServiceStub

Request = TypeVar("Request")
Response = TypeVar("Response")
Result = TypeVar("Result")

CALL_TIMEOUT_S = 60.0
# For calls that read or write hundreds of megabytes, or that wait for processes to end.
LONG_CALL_TIMEOUT_S = 3600.0
RETRY_DELAYS_S = (0.1, 0.2, 0.4, 0.8, 1.6)
PLAIN_BYTES = frozenset(b"/-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
CHANNEL_OPTIONS = [
    ("grpc.initial_reconnect_backoff_ms", 100),
    # How long connecting may take, in spite of its name: on the socket that systemd keeps it waits for octrad to start;
    # where nobody listens it fails at once.
    ("grpc.min_reconnect_backoff_ms", 45_000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.enable_http_proxy", 0),
]


class Client:
    """One connection to octrad, opened by the first call.

    Args:
        socket: path of octrad's socket.
    """

    def __init__(self, socket: str) -> None:
        self.socket = socket
        self._channel = grpc.insecure_channel(_target(socket), options=CHANNEL_OPTIONS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection and every call on it; may be called from any thread, and twice."""
        self._channel.close()

    @property
    def tasks(self) -> "TaskServiceStub":
        """TaskService."""
        from octra_proto.v1.tasks_pb2_grpc import TaskServiceStub  # noqa: PLC0415 - a command needs one of them

        return TaskServiceStub(self._channel)

    @property
    def snapshots(self) -> "SnapshotServiceStub":
        """SnapshotService."""
        from octra_proto.v1.snapshots_pb2_grpc import SnapshotServiceStub  # noqa: PLC0415 - as above

        return SnapshotServiceStub(self._channel)

    @property
    def system(self) -> "SystemServiceStub":
        """SystemService."""
        from octra_proto.v1.system_pb2_grpc import SystemServiceStub  # noqa: PLC0415 - as above

        return SystemServiceStub(self._channel)

    @property
    def advisor(self) -> "AdvisorServiceStub":
        """AdvisorService."""
        from octra_proto.v1.advisor_pb2_grpc import AdvisorServiceStub  # noqa: PLC0415 - as above

        return AdvisorServiceStub(self._channel)

    @property
    def access(self) -> "AccessServiceStub":
        """AccessService."""
        from octra_proto.v1.access_pb2_grpc import AccessServiceStub  # noqa: PLC0415 - as above

        return AccessServiceStub(self._channel)

    @property
    def budgets(self) -> "BudgetServiceStub":
        """BudgetService."""
        from octra_proto.v1.budgets_pb2_grpc import BudgetServiceStub  # noqa: PLC0415 - as above

        return BudgetServiceStub(self._channel)

    @property
    def knowledge(self) -> "KnowledgeServiceStub":
        """KnowledgeService."""
        from octra_proto.v1.knowledge_pb2_grpc import KnowledgeServiceStub  # noqa: PLC0415 - as above

        return KnowledgeServiceStub(self._channel)

    @property
    def context(self) -> "ContextServiceStub":
        """ContextService."""
        from octra_proto.v1.context_pb2_grpc import ContextServiceStub  # noqa: PLC0415 - as above

        return ContextServiceStub(self._channel)

    def ask(
        self,
        method: "grpc.UnaryUnaryMultiCallable[Request, Response]",
        request: Request,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> Response:
        """Calls a method that answers once, and again with the same request when the connection was lost.

        Raises:
            OctractlError: the daemon refused, or is not there.
        """
        return self.insist(lambda: method(request, timeout=timeout_s))

    def insist(self, call: Callable[[], Result]) -> Result:
        """Makes a call that is safe to repeat, and repeats it when the connection was lost.

        Raises:
            OctractlError: the daemon refused, or is not there.
        """
        for delay_s in RETRY_DELAYS_S:
            try:
                return call()
            except grpc.RpcError as error:
                if not is_lost_connection(error):
                    raise translate_rpc_error(error) from error
            time.sleep(delay_s)
        try:
            return call()
        except grpc.RpcError as error:
            if is_lost_connection(error) and not is_answered(error):
                raise not_running(self.socket) from error
            raise translate_rpc_error(error) from error

    def read_stream(self, stream: Iterator[Result]) -> Iterator[Result]:
        """Passes on what a method streams; a stream that breaks is not resumed.

        Raises:
            OctractlError: the daemon refused, or went away.
        """
        try:
            yield from stream
        except grpc.RpcError as error:
            if is_lost_connection(error) and not is_answered(error):
                raise not_running(self.socket) from error
            raise translate_rpc_error(error) from error


def _target(socket: str) -> str:
    # gRPC reads the path as that of a URI. (Importing urllib.parse for this would cost 2 ms.)
    return "unix:" + "".join(chr(byte) if byte in PLAIN_BYTES else f"%{byte:02X}" for byte in os.fsencode(socket))


def connect(socket: str | None) -> Client:
    """Returns a client for the socket that `find_socket` chooses.

    Raises:
        OctractlError: there is no usable socket.
    """
    return Client(find_socket(socket))
