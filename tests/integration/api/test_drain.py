"""What an orderly stop leaves: watchers know where to go on, and the next octrad goes on where this one stopped."""

from collections.abc import Iterator

import grpc
import pytest

from octra_proto.v1 import states_pb2, tasks_pb2, tasks_pb2_grpc
from tests.daemon import House, Rehearsal, config_for, house
from tests.integration.api.test_lifecycle import until_command, watch

pytestmark = pytest.mark.timeout(150)


@pytest.fixture
def own(rehearsal: Rehearsal) -> Iterator[House]:
    with house(config_for(rehearsal, "slow")) as running:
        yield running


async def test_a_stop_in_mid_command_ends_watches_with_a_number_and_pays_nothing_twice(
    own: House, rehearsal: Rehearsal
) -> None:
    async with grpc.aio.insecure_channel(f"unix:{own.socket}") as channel:
        tasks = tasks_pb2_grpc.TaskServiceStub(channel)
        task = (await tasks.SubmitTask(tasks_pb2.SubmitTaskRequest(request="count slowly"))).task
        seen = await until_command(tasks, task.id)
        watching = tasks.WatchTask(tasks_pb2.WatchTaskRequest(task=task.id, after_seq=seen))
        await watching.wait_for_connection()
        assert own.process
        own.process.terminate()
        messages = [message async for message in watching]
    assert messages[-1].WhichOneof("message") == "resume_after_seq"
    resume_after = messages[-1].resume_after_seq
    assert resume_after == max([seen, *(message.event.seq for message in messages[:-1])])
    assert own.stop() == 0
    asked = len(rehearsal.requests(task.id))
    own.start()
    async with grpc.aio.insecure_channel(f"unix:{own.socket}") as channel:
        tasks = tasks_pb2_grpc.TaskServiceStub(channel)
        events = await watch(tasks, task.id, resume_after)
    assert events[0].seq == resume_after + 1
    assert events[-1].state_changed.to == states_pb2.TASK_STATE_DONE
    counts = [request["step"] for request in rehearsal.requests(task.id)]
    assert len(counts) == len(set(counts)), counts
    assert asked < len(counts)


async def test_a_second_signal_in_mid_command_ends_it_at_once(own: House) -> None:
    async with grpc.aio.insecure_channel(f"unix:{own.socket}") as channel:
        tasks = tasks_pb2_grpc.TaskServiceStub(channel)
        task = (await tasks.SubmitTask(tasks_pb2.SubmitTaskRequest(request="count slowly"))).task
        await until_command(tasks, task.id)
        assert own.process
        own.process.terminate()
        assert own.stop(timeout_s=15) == 0
    own.start()
    async with grpc.aio.insecure_channel(f"unix:{own.socket}") as channel:
        events = await watch(tasks_pb2_grpc.TaskServiceStub(channel), task.id)
    assert events[-1].state_changed.to == states_pb2.TASK_STATE_DONE
