"""What a SubmitTask must look like: every field is checked before anything is recorded, and an error names its field.

Pure: the configuration, the stacks and the skills that there are come as arguments.
"""

import re
from collections.abc import Mapping

from octra_proto.v1 import tasks_pb2
from octrad.api.acceptance_command import require_acceptance_commands
from octrad.api.model_choice import choose_models, is_rehearsal
from octrad.api.plain_text import require_plain_text
from octrad.api.project_name import require_project_name
from octrad.api.request_id import require_request_id
from octrad.api.skill_areas import require_areas
from octrad.api.task_messages import priority_of
from octrad.api.usd_amount import require_usd
from octrad.foundation.config import Config
from octrad.foundation.errors import InvalidRequestError
from octrad.knowledge.skill_warehouse import SkillWarehouse
from octrad.knowledge.stacks import Stack, require_stacks
from octrad.tasks.submit_task import Submission

_BUNDLE_ID = re.compile(r"[0-9a-z]{1,128}")


def submission_of(
    message: tasks_pb2.SubmitTaskRequest,
    config: Config,
    stacks: Mapping[str, Stack],
    *,
    warehouse: SkillWarehouse,
    is_local_loaded: bool = False,
) -> Submission:
    """The submission that a message asks for. `is_local_loaded`: whether a local server has a model loaded.

    Raises:
        InvalidRequestError: a field holds what can never be accepted.
        NoModelError: nothing is configured that could answer.
    """
    require_request_id(message.request_id)
    _require_request(message.request, config.limits.request_bytes)
    if message.project:
        require_project_name(message.project)
    wanted = require_stacks(stacks, message.stack)
    require_acceptance_commands(list(message.checks))
    _require_bundle_id(message.bundle_id)
    priority = priority_of(message.priority)
    if priority is None:
        raise InvalidRequestError(
            f"priority {message.priority} is not one of P0 to P3", field="priority", hint="leave it out for P2"
        )
    return Submission(
        request=message.request,
        project=message.project,
        bundle_id=message.bundle_id,
        stack=",".join(wanted),
        model=",".join(choose_models(message.model, config, is_local_loaded=is_local_loaded)),
        checks=tuple(message.checks),
        priority=priority,
        rehearsal=is_rehearsal(message.model, config),
        allow_secrets=message.allow_secrets,
        budget_usd=require_usd(message.budget_usd, "budget_usd") if message.HasField("budget_usd") else None,
        skill_areas=require_areas(message.skill_areas, warehouse, "skill_areas"),
    )


def _require_request(request: str, greatest_bytes: int) -> None:
    if not request.strip():
        raise InvalidRequestError("the request is empty", field="request", hint="say in plain words what to build")
    require_request_size(request, greatest_bytes)
    require_plain_text(request, "request")


def require_request_size(request: str, greatest_bytes: int) -> None:
    """Accepts a request that is not too long.

    Raises:
        InvalidRequestError: it is.
    """
    size = len(request.encode())
    if size > greatest_bytes:
        raise InvalidRequestError(
            f"the request has {size:,} bytes; at most {greatest_bytes:,}",
            field="request",
            hint="put the long parts into files of a repository and send that with --from",
        )


def _require_bundle_id(bundle_id: str) -> None:
    if bundle_id and not _BUNDLE_ID.fullmatch(bundle_id):
        raise InvalidRequestError(
            f"bundle_id {bundle_id[:80]!r} is not one that UploadBundle gave", field="bundle_id", hint="upload it first"
        )
