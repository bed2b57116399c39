"""The one table of what each method of the API asks of its caller, and the decision that follows from it. Pure.

A method that is not in the table is refused; a test walks the services and proves that none is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from octrad.api.roles import AccessRole, Caller
from octrad.foundation.errors import ForbiddenError

_HINT: Final = "an administrator of octrad can give it: `[access.{role}]` in its configuration; see octractl whoami"


class RoleRequiredError(ForbiddenError):
    """The caller's role does not allow this."""

    code = "role_required"


class NotYourTaskError(ForbiddenError):
    """The task is another user's."""

    code = "not_your_task"


@dataclass(frozen=True, slots=True)
class Right:
    """What a method asks of its caller.

    Args:
        role: the least that the caller must have; None: to have got in.
        action: what the method does, for people, after "you may not".
        target: the field of the request that names what is acted on.
        kind: where several kinds of things can be acted on, the field that says which: an enum.
        changes: whether it changes something, and so is written into the audit log.
        own_task: whether the target is a task, and must be the caller's own unless they are an admin.
    """

    role: AccessRole | None
    action: str
    target: str = ""
    kind: str = ""
    changes: bool = False
    own_task: bool = False


_READS_TASKS: Final = Right(AccessRole.VIEWER, "read tasks and their logs")
_READS_SNAPSHOTS: Final = Right(AccessRole.VIEWER, "read and restore snapshots")
_READS_SYSTEM: Final = Right(AccessRole.VIEWER, "see the daemon's state, models and stacks")
_READS_LIBRARY: Final = Right(AccessRole.VIEWER, "see what agents are told")
_READS_BUDGETS: Final = Right(AccessRole.VIEWER, "see budgets and what calls have cost")
_BEGINS: Final = "submit tasks"
_TELLS_AGENTS: Final = "change what the agents of a project are told"

RIGHTS: Final[Mapping[str, Right]] = {
    "/octra.v1.TaskService/SubmitTask": Right(AccessRole.MEMBER, _BEGINS, "project", changes=True),
    "/octra.v1.TaskService/UploadBundle": Right(AccessRole.MEMBER, _BEGINS, changes=True),
    "/octra.v1.TaskService/CancelTask": Right(AccessRole.MEMBER, "cancel tasks", "task", changes=True, own_task=True),
    "/octra.v1.TaskService/RetryTask": Right(AccessRole.MEMBER, "retry tasks", "task", changes=True, own_task=True),
    "/octra.v1.TaskService/GetTask": _READS_TASKS,
    "/octra.v1.TaskService/ListTasks": _READS_TASKS,
    "/octra.v1.TaskService/WatchTask": _READS_TASKS,
    "/octra.v1.TaskService/ExplainTask": _READS_TASKS,
    "/octra.v1.TaskService/ReadLog": _READS_TASKS,
    "/octra.v1.TaskService/DiffTask": _READS_TASKS,
    "/octra.v1.SnapshotService/ListSnapshots": _READS_SNAPSHOTS,
    "/octra.v1.SnapshotService/VerifySnapshot": _READS_SNAPSHOTS,
    "/octra.v1.SnapshotService/ReadSnapshot": _READS_SNAPSHOTS,
    "/octra.v1.SnapshotService/ReadBundle": _READS_SNAPSHOTS,
    "/octra.v1.SnapshotService/PruneSnapshots": Right(AccessRole.ADMIN, "prune snapshots", "project", changes=True),
    "/octra.v1.SystemService/GetStatus": _READS_SYSTEM,
    "/octra.v1.SystemService/ListModels": _READS_SYSTEM,
    "/octra.v1.SystemService/ListStacks": _READS_SYSTEM,
    # Whoever wants keys used for it must be a member: `audit_models` asks.
    "/octra.v1.SystemService/AuditModels": _READS_SYSTEM,
    "/octra.v1.BudgetService/ListBudgets": _READS_BUDGETS,
    "/octra.v1.BudgetService/SumCosts": _READS_BUDGETS,
    "/octra.v1.BudgetService/RaiseBudget": Right(AccessRole.ADMIN, "raise budgets", "name", "scope", changes=True),
    "/octra.v1.AdvisorService/AdviseTask": _READS_TASKS,
    "/octra.v1.AdvisorService/ConsultAdvisor": Right(
        AccessRole.MEMBER, "ask models about tasks", "task", changes=True, own_task=True
    ),
    "/octra.v1.KnowledgeService/ListGuides": _READS_LIBRARY,
    "/octra.v1.KnowledgeService/GetGuide": _READS_LIBRARY,
    "/octra.v1.KnowledgeService/ListSkills": _READS_LIBRARY,
    "/octra.v1.KnowledgeService/SearchSkills": _READS_LIBRARY,
    "/octra.v1.KnowledgeService/GetSkills": _READS_LIBRARY,
    "/octra.v1.ContextService/ListContext": Right(AccessRole.VIEWER, "see what the agents of a project are told"),
    "/octra.v1.ContextService/AddContext": Right(AccessRole.MEMBER, _TELLS_AGENTS, "project", changes=True),
    "/octra.v1.ContextService/ForgetContext": Right(AccessRole.MEMBER, _TELLS_AGENTS, "project", changes=True),
    "/octra.v1.AccessService/WhoAmI": Right(None, "ask who you are"),
    "/octra.v1.AccessService/ListAuditEvents": Right(AccessRole.ADMIN, "read the audit log"),
}


def require_role(caller: Caller, right: Right) -> None:
    """Accepts a caller who may use the method at all.

    Raises:
        RoleRequiredError: their role is too small; the error says which they have, why, and which it takes.
    """
    if right.role is None or (caller.role is not None and caller.role >= right.role):
        return
    has = f"has the role {caller.role.word}" if caller.role else "has no role"
    raise RoleRequiredError(
        f"you may not {right.action}: it takes the role {right.role.word}, and {caller.shown} {has} ({caller.reason})",
        hint=_HINT.format(role=right.role.word),
    )


def require_own_task(caller: Caller, right: Right, task_id: str, uid: int, user_name: str) -> None:
    """Accepts a caller who may act on the task of the user `uid`.

    Raises:
        NotYourTaskError: it is another user's, and the caller is no admin.
    """
    if uid == caller.uid or (caller.role is not None and caller.role >= AccessRole.ADMIN):
        return
    role = caller.role.word if caller.role else "no role"
    raise NotYourTaskError(
        f"you may not {right.action} of others: task {task_id} is that of {user_name or f'uid {uid}'}; "
        f"it takes the role admin, and {caller.shown} has the role {role} ({caller.reason})",
        hint=_HINT.format(role="admin"),
    )


def target_of(right: Right, request: Any) -> str:
    """What a call acts on, for the audit log: a task's id or a project, after its kind where there are several."""
    name = str(getattr(request, right.target)) if right.target else ""
    return ":".join(filter(None, [_kind_of(right, request), name]))


def names_task(right: Right, request: Any) -> bool:
    """Whether what a call acts on is a task, so that its target is one's id."""
    return right.own_task or _kind_of(right, request) == "task"


def allowed_actions(role: AccessRole | None) -> list[str]:
    """What a role may do, in words, each once."""
    may = [
        f"{right.action}{_whose(right, role)}"
        for right in RIGHTS.values()
        if right.role is not None and role is not None and role >= right.role
    ]
    return list(dict.fromkeys(may))


def _kind_of(right: Right, request: Any) -> str:
    """The last word of the enum's value: BUDGET_SCOPE_TASK is `task`. A number that is none says nothing."""
    if not right.kind:
        return ""
    values = request.DESCRIPTOR.fields_by_name[right.kind].enum_type.values_by_number
    value = values.get(getattr(request, right.kind))
    return value.name.rpartition("_")[2].lower() if value is not None else ""


def _whose(right: Right, role: AccessRole) -> str:
    if not right.own_task:
        return ""
    return " of all users" if role >= AccessRole.ADMIN else " of your own"
