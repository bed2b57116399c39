"""Follows a task's events to its final state or a pause, across restarts of the daemon. Knows no terminal."""

import time
from collections.abc import Callable, Generator
from contextlib import closing

import grpc

from octra_proto.v1 import events_pb2, tasks_pb2
from octractl.client import Client
from octractl.errors import OctractlError
from octractl.exit_codes import ExitCode
from octractl.rpc_error import is_answered, translate_rpc_error
from octractl.states import FINAL, PAUSED

# How long the daemon may be away before we give up, and how often we look for it.
RECONNECT_FOR_S = 120.0
RECONNECT_DELAY_S = 0.25
LOST = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED})


class Follower:
    """Reads the events of one task in order, each once.

    Args:
        client: the connection.
        task_id: the whole id.
        after_seq: events with a greater number are read.
        on_wait: told once whenever the daemon went away.
        reconnect_for_s: how long the daemon may be away.
    """

    def __init__(
        self,
        client: Client,
        task_id: str,
        after_seq: int = 0,
        on_wait: Callable[[], None] = lambda: None,
        reconnect_for_s: float = RECONNECT_FOR_S,
    ) -> None:
        self._client = client
        self._task_id = task_id
        self._seq = after_seq
        self._on_wait = on_wait
        self._reconnect_for_s = reconnect_for_s
        self._lost_at: float | None = None
        self._has_ended = False

    def events(self) -> Generator[events_pb2.Event, None, None]:
        """Yields events until the task is in its final state, or paused, and all are read.

        Raises:
            OctractlError: the daemon refused, or stayed away too long.
        """
        while True:
            with closing(self._watch_once()) as events:
                for event in events:
                    yield event
                    # One that was paused may have gone on since.
                    if event.state_changed.to == PAUSED and self._is_over():
                        return
            if self._has_ended and self._is_over():
                return
            time.sleep(RECONNECT_DELAY_S)

    def until(self, last_seq: int) -> Generator[events_pb2.Event, None, None]:
        """Yields the events up to a number that is known to exist, and waits for no more."""
        if self._seq >= last_seq:
            return
        with closing(self.events()) as events:
            for event in events:
                yield event
                if event.seq >= last_seq:
                    return

    def _watch_once(self) -> Generator[events_pb2.Event, None, None]:
        self._has_ended = False
        stream = self._client.tasks.WatchTask(tasks_pb2.WatchTaskRequest(task=self._task_id, after_seq=self._seq))
        try:
            for message in stream:
                self._lost_at = None
                match message.WhichOneof("message"):
                    case "event" if message.event.seq > self._seq:
                        self._seq = message.event.seq
                        yield message.event
                    case "resume_after_seq":
                        return
            self._lost_at, self._has_ended = None, True
        except grpc.RpcError as error:
            self._note_loss(error)
        finally:
            stream.cancel()

    def _note_loss(self, error: grpc.RpcError) -> None:
        if not _is_loss(error):
            raise translate_rpc_error(error) from error
        now = time.monotonic()
        if self._lost_at is None:
            self._lost_at = now
            self._on_wait()
        elif now - self._lost_at > self._reconnect_for_s:
            raise OctractlError(
                f"octrad has not answered for {self._reconnect_for_s:g} s",
                hint=f"the task goes on when octrad does; then: octractl watch {self._task_id}",
                exit_code=ExitCode.UNAVAILABLE,
            ) from error

    def _is_over(self) -> bool:
        task = self._client.ask(self._client.tasks.GetTask, tasks_pb2.GetTaskRequest(task=self._task_id)).task
        return (task.state in FINAL or task.state == PAUSED) and task.last_seq <= self._seq


def _is_loss(error: grpc.RpcError) -> bool:
    if not isinstance(error, grpc.Call) or error.code() not in LOST:
        return False
    return error.code() == grpc.StatusCode.UNAVAILABLE or not is_answered(error)
