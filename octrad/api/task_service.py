"""The TaskService: each method checks what came, asks the room that knows, and translates the answer."""

from collections.abc import AsyncIterator
from typing import Any

import grpc

from octra_proto.v1 import tasks_pb2, tasks_pb2_grpc
from octrad.api import bundle_upload, cancel_task, read_log, task_diff, watch_task
from octrad.api.authorise import current_caller
from octrad.api.closing import closing
from octrad.api.local_model import is_local_loaded
from octrad.api.model_choice import choose_models
from octrad.api.parts import Parts
from octrad.api.plain_text import require_plain_text
from octrad.api.project_name import require_project_name
from octrad.api.request_id import require_request_id
from octrad.api.submission import submission_of
from octrad.api.take_request import take_request
from octrad.api.task_messages import (
    evidence_message,
    listed_task_message,
    model_call_message,
    skills_picked_messages,
    state_of,
    step_message,
    task_message,
    timestamp,
)
from octrad.api.task_name import find_named_task
from octrad.foundation.errors import InvalidRequestError
from octrad.pipeline.pick_skills import PickedSkills
from octrad.pipeline.step_names import SKILLS, removed
from octrad.tasks.evidence import list_evidence
from octrad.tasks.explain_task import explain_task
from octrad.tasks.ledger import list_model_calls
from octrad.tasks.list_packages import list_packages
from octrad.tasks.list_steps import list_steps
from octrad.tasks.list_tasks import TaskQuery, list_tasks
from octrad.tasks.machine import TaskState
from octrad.tasks.recorded_result import recorded_result
from octrad.tasks.retry_task import retry_task
from octrad.tasks.snapshots import when_pruned

Context = grpc.aio.ServicerContext[Any, Any]


class TaskServicer(tasks_pb2_grpc.TaskServiceServicer):
    """Tasks over gRPC. What its methods raise becomes a status in `guard_handlers`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._database = parts.database

    async def SubmitTask(self, request: tasks_pb2.SubmitTaskRequest, context: Context) -> tasks_pb2.SubmitTaskResponse:
        is_local = await is_local_loaded(self._parts, request.model)
        library = self._parts.library.current
        submission = submission_of(
            request, self._parts.config, library.stacks, warehouse=library.warehouse, is_local_loaded=is_local
        )
        task = await take_request(
            self._parts, submission, request_id=request.request_id, allow_duplicate=request.allow_duplicate
        )
        return tasks_pb2.SubmitTaskResponse(task=task_message(task))

    async def UploadBundle(
        self, request_iterator: AsyncIterator[tasks_pb2.UploadBundleRequest], context: Context
    ) -> tasks_pb2.UploadBundleResponse:
        limit_bytes = self._parts.config.limits.bundle_bytes
        bundle = await bundle_upload.upload_bundle(self._parts.runner, request_iterator, limit_bytes)
        return tasks_pb2.UploadBundleResponse(bundle_id=bundle.bundle_id, size_bytes=bundle.size_bytes)

    async def GetTask(self, request: tasks_pb2.GetTaskRequest, context: Context) -> tasks_pb2.GetTaskResponse:
        task = await find_named_task(self._database, request.task)
        pruned_at = await when_pruned(self._database, task.snapshot_id)
        picked = await recorded_result(self._database, task.id, SKILLS, PickedSkills)
        calls = await list_model_calls(self._database, task.id)
        hashes = [call.content_hash for call in calls if call.content_hash]
        return tasks_pb2.GetTaskResponse(
            task=task_message(task),
            steps=[step_message(step) for step in await list_steps(self._database, task.id)],
            model_calls=[model_call_message(call) for call in calls],
            evidence=[evidence_message(proof) for proof in await list_evidence(self._database, task.id)],
            snapshot_pruned_at=timestamp(pruned_at) if pruned_at else None,
            skills_picked=skills_picked_messages(picked),
            packages=[
                tasks_pb2.AskedPackage(package=asked.package, reason=asked.reason)
                for asked in await list_packages(self._database, task.id)
            ],
            content_hash=hashes[-1] if hashes else "",
            content_hashes=len(set(hashes)),
        )

    async def ListTasks(self, request: tasks_pb2.ListTasksRequest, context: Context) -> tasks_pb2.ListTasksResponse:
        if request.project:
            require_project_name(request.project)
        require_plain_text(request.like, "like")
        query = TaskQuery(
            states=_states(request),
            project=request.project,
            like=request.like,
            page_size=request.page_size,
            page_token=request.page_token,
        )
        page = await list_tasks(self._database, query)
        return tasks_pb2.ListTasksResponse(
            tasks=[listed_task_message(task) for task in page.tasks], next_page_token=page.next_page_token
        )

    async def WatchTask(
        self, request: tasks_pb2.WatchTaskRequest, context: Context
    ) -> AsyncIterator[tasks_pb2.WatchTaskResponse]:
        task = await find_named_task(self._database, request.task)
        async with closing(watch_task.watch_task(self._parts.log, task, request.after_seq)) as messages:
            async for message in messages:
                yield message

    async def CancelTask(self, request: tasks_pb2.CancelTaskRequest, context: Context) -> tasks_pb2.CancelTaskResponse:
        require_request_id(request.request_id)
        require_plain_text(request.reason, "reason")
        task = await find_named_task(self._database, request.task)
        ended = await cancel_task.cancel_and_wait(
            self._parts, task, reason=request.reason, request_id=request.request_id, uid=current_caller().uid
        )
        return tasks_pb2.CancelTaskResponse(task=task_message(ended))

    async def RetryTask(self, request: tasks_pb2.RetryTaskRequest, context: Context) -> tasks_pb2.RetryTaskResponse:
        require_request_id(request.request_id)
        task = await find_named_task(self._database, request.task)
        asked = request.model or task.model
        is_local = await is_local_loaded(self._parts, asked)
        chain = choose_models(asked, self._parts.config, is_local_loaded=is_local)
        caller = current_caller()
        retried = await retry_task(
            self._database,
            task.id,
            fresh=request.fresh,
            allow_secrets=request.allow_secrets,
            from_snapshot=await recorded_result(self._database, task.id, removed(task.run), bool) is not None,
            model=",".join(chain) if request.model else "",
            request_id=request.request_id,
            uid=caller.uid,
            quota=caller.quota,
        )
        return tasks_pb2.RetryTaskResponse(task=task_message(retried))

    async def ExplainTask(
        self, request: tasks_pb2.ExplainTaskRequest, context: Context
    ) -> tasks_pb2.ExplainTaskResponse:
        task = await find_named_task(self._database, request.task)
        tasks_at_once = self._parts.config.limits.tasks_at_once
        explanation = await explain_task(self._database, task.id, tasks_at_once=tasks_at_once)
        return tasks_pb2.ExplainTaskResponse(answer=explanation.answer, next_command=explanation.next_command)

    async def ReadLog(self, request: tasks_pb2.ReadLogRequest, context: Context) -> tasks_pb2.ReadLogResponse:
        task = await find_named_task(self._database, request.task)
        return await read_log.read_log(self._parts.runner, task, request)

    async def DiffTask(
        self, request: tasks_pb2.DiffTaskRequest, context: Context
    ) -> AsyncIterator[tasks_pb2.DiffTaskResponse]:
        task = await find_named_task(self._database, request.task)
        other = None
        if request.other_task:
            other = await find_named_task(self._database, request.other_task, field="other_task")
        async with closing(task_diff.diff_task(self._parts, task, other)) as chunks:
            async for chunk in chunks:
                yield tasks_pb2.DiffTaskResponse(chunk=chunk)


def _states(request: tasks_pb2.ListTasksRequest) -> tuple[TaskState, ...]:
    states = tuple(state_of(state) for state in request.states)
    if None in states:
        known = ", ".join(state.value for state in TaskState)
        raise InvalidRequestError("states holds one that does not exist", field="states", hint=f"known: {known}")
    return tuple(state for state in states if state is not None)
