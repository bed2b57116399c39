"""Tasks, steps, calls, evidence and snapshots as the API's messages. It translates and decides nothing."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from octra_proto.v1 import events_pb2, snapshots_pb2, states_pb2, tasks_pb2
from octrad.pipeline.pick_skills import PickedSkills
from octrad.tasks import evidence, ledger, snapshots
from octrad.tasks.list_steps import StepRecord
from octrad.tasks.machine import TaskState
from octrad.tasks.task import Task, TaskPriority

# Of the request and the note, in lists.
LISTED_CHARACTERS = 1000


def timestamp(at: datetime | None) -> Timestamp | None:
    """A point in time as a message; None stays absent."""
    if at is None:
        return None
    message = Timestamp()
    message.FromDatetime(at)
    return message


def state_message(state: TaskState) -> "states_pb2.TaskState.ValueType":
    """A state as the API's enum."""
    return states_pb2.TaskState.Value(f"TASK_STATE_{state.name}")


def state_of(message: "states_pb2.TaskState.ValueType") -> TaskState | None:
    """The state that the API's enum names; None for one that is unspecified or unknown to us."""
    name = states_pb2.TaskState.Name(message) if message in states_pb2.TaskState.values() else ""
    return TaskState.__members__.get(name.removeprefix("TASK_STATE_"))


def priority_of(message: "tasks_pb2.TaskPriority.ValueType") -> TaskPriority | None:
    """The priority that the API's enum names, P2 when it names none; None for one that is unknown to us."""
    if message == tasks_pb2.TASK_PRIORITY_UNSPECIFIED:
        return TaskPriority.P2
    name = tasks_pb2.TaskPriority.Name(message) if message in tasks_pb2.TaskPriority.values() else ""
    return TaskPriority.__members__.get(name.removeprefix("TASK_PRIORITY_"))


def task_message(task: Task) -> tasks_pb2.Task:
    """A task as clients see it."""
    return tasks_pb2.Task(
        id=task.id,
        project=task.project,
        title=task.title,
        request=task.request,
        state=state_message(task.state),
        priority=tasks_pb2.TaskPriority.Value(f"TASK_PRIORITY_{task.priority.name}"),
        stack=task.stack,
        model=task.model,
        checks=task.checks,
        grade=task.grade,
        created_at=timestamp(task.created_at),
        started_at=timestamp(task.started_at),
        finished_at=timestamp(task.finished_at),
        snapshot_id=task.snapshot_id,
        store_path=task.store_path,
        note=task.note,
        next_command=task.next_command,
        rehearsal=task.rehearsal,
        input_tokens=task.input_tokens,
        output_tokens=task.output_tokens,
        cost_usd=task.cost_usd,
        unpriced_calls=task.unpriced_calls,
        last_seq=task.last_seq,
        uid=task.uid,
        user=task.user_name,
        allow_secrets=task.allow_secrets,
        budget_usd=task.budget_usd,
        skill_areas=task.skill_areas,
    )


def listed_task_message(task: Task) -> tasks_pb2.Task:
    """A task in a list: without what may be long, so that a page of the greatest size fits into one message."""
    message = task_message(task)
    message.request = task.request[:LISTED_CHARACTERS]
    message.note = task.note[:LISTED_CHARACTERS]
    del message.checks[:]
    return message


def step_message(step: StepRecord) -> tasks_pb2.Step:
    """A step of the journal."""
    return tasks_pb2.Step(
        name=step.name,
        state=step.state,
        started_at=timestamp(step.started_at),
        duration_ms=step.duration_ms,
        commit=step.commit,
        has_log=step.has_log,
    )


def model_call_message(call: ledger.ModelCall) -> tasks_pb2.ModelCall:
    """A row of the ledger."""
    return tasks_pb2.ModelCall(
        step=call.step,
        role=call.role,
        model=call.model,
        outcome=call.outcome,
        input_tokens=call.input_tokens,
        output_tokens=call.output_tokens,
        cached_tokens=call.cached_tokens,
        cost_usd=call.cost_usd,
        duration_ms=call.duration_ms,
        at=timestamp(call.at),
        content_hash=call.content_hash,
        prices_hash=call.prices_hash,
    )


def skills_picked_messages(picked: PickedSkills | None) -> list[events_pb2.SkillsPicked]:
    """Which fragments each worker is told; nothing before that is settled."""
    events = [one.event() for one in picked.workers] if picked else []
    return [events_pb2.SkillsPicked(worker=event.worker, slugs=event.slugs, by=event.by) for event in events]


def evidence_message(proof: evidence.Evidence) -> tasks_pb2.Evidence:
    """A command that exited 0."""
    return tasks_pb2.Evidence(
        command=proof.command,
        tree_hash=proof.tree_hash,
        environment_hash=proof.environment_hash,
        at=timestamp(proof.at),
    )


def snapshot_message(snapshot: snapshots.Snapshot) -> snapshots_pb2.Snapshot:
    """A tree in the store."""
    return snapshots_pb2.Snapshot(
        id=snapshot.id,
        task_id=snapshot.task_id,
        project=snapshot.project,
        store_path=snapshot.store_path,
        nar_hash=snapshot.nar_hash,
        size_bytes=snapshot.size_bytes,
        commit=snapshot.commit,
        created_at=timestamp(snapshot.created_at),
        partial=snapshot.partial,
        rehearsal=snapshot.rehearsal,
        pruned_at=timestamp(snapshot.pruned_at) if snapshot.pruned_at else None,
    )
