"""The words for a task's states and priorities, as the API's enums spell them without their prefix. Pure."""

from octra_proto.v1 import states_pb2, tasks_pb2

_STATE_PREFIX = "TASK_STATE_"
_PRIORITY_PREFIX = "TASK_PRIORITY_"
STATES = tuple(name.removeprefix(_STATE_PREFIX).lower() for name in states_pb2.TaskState.keys()[1:])
PRIORITIES = tuple(name.removeprefix(_PRIORITY_PREFIX) for name in tasks_pb2.TaskPriority.keys()[1:])
# Nothing happens to it until somebody does something, or a day or month ends.
PAUSED = states_pb2.TASK_STATE_PAUSED
FINAL = frozenset({states_pb2.TASK_STATE_DONE, states_pb2.TASK_STATE_FAILED, states_pb2.TASK_STATE_CANCELLED})


def state_word(state: int) -> str:
    """Returns `running` and the like; a state that we do not know by its number."""
    name = states_pb2.TaskState.DESCRIPTOR.values_by_number.get(state)
    return f"state {state}" if name is None else name.name.removeprefix(_STATE_PREFIX).lower()


def parse_state(word: str) -> "states_pb2.TaskState.ValueType":
    """Returns the state of one of the words in `STATES`."""
    return states_pb2.TaskState.Value(_STATE_PREFIX + word.upper())


def priority_word(priority: int) -> str:
    """Returns `P0` to `P3`; P2 when it is not said."""
    name = tasks_pb2.TaskPriority.DESCRIPTOR.values_by_number.get(priority)
    return "P2" if name is None or priority == 0 else name.name.removeprefix(_PRIORITY_PREFIX)


def parse_priority(word: str) -> "tasks_pb2.TaskPriority.ValueType":
    """Returns the priority of one of the words in `PRIORITIES`."""
    return tasks_pb2.TaskPriority.Value(_PRIORITY_PREFIX + word.upper())
