"""What each method asks of its caller: every method is in the table, and the table means what it says."""

import importlib
import pkgutil

import pytest
from google.protobuf.descriptor import MethodDescriptor

import octra_proto.v1
from octra_proto.v1 import budgets_pb2, tasks_pb2
from octrad.api.method_rights import (
    RIGHTS,
    NotYourTaskError,
    RoleRequiredError,
    allowed_actions,
    names_task,
    require_own_task,
    require_role,
    target_of,
)
from octrad.api.roles import AccessRole, Caller

ROLES = (None, *AccessRole)


def served() -> dict[str, MethodDescriptor]:
    """Every method of every service in the public package."""
    found = {}
    for module in pkgutil.iter_modules(octra_proto.v1.__path__):
        if not module.name.endswith("_pb2"):
            continue
        descriptor = importlib.import_module(f"octra_proto.v1.{module.name}").DESCRIPTOR
        for service in descriptor.services_by_name.values():
            found.update({f"/{service.full_name}/{method.name}": method for method in service.methods})
    return found


def caller(role: AccessRole | None, uid: int = 1000) -> Caller:
    return Caller(uid, "anna", role, "by the group builders")


def test_every_method_has_a_right_and_every_right_a_method() -> None:
    assert set(served()) == set(RIGHTS)
    assert len(RIGHTS) > 15


def test_targets_are_fields_of_their_requests() -> None:
    for name, method in served().items():
        right = RIGHTS[name]
        assert not right.target or right.target in method.input_type.fields_by_name
        assert not right.own_task or right.target == "task"
        assert not right.kind or method.input_type.fields_by_name[right.kind].enum_type is not None


@pytest.mark.parametrize(
    ("scope", "name", "target"),
    [
        ("TASK", "k7f3", "task:k7f3"),
        ("PROJECT", "todo", "project:todo"),
        ("USER", "anna", "user:anna"),
        ("DAY", "", "day"),
        ("MONTH", "", "month"),
        ("MONTH", "stray", "month:stray"),
        ("UNSPECIFIED", "", "unspecified"),
    ],
)
def test_budget_that_is_raised_is_named_in_the_audit_log(scope: str, name: str, target: str) -> None:
    right = RIGHTS["/octra.v1.BudgetService/RaiseBudget"]
    request = budgets_pb2.RaiseBudgetRequest(scope=getattr(budgets_pb2, f"BUDGET_SCOPE_{scope}"), name=name)
    assert target_of(right, request) == target
    assert names_task(right, request) == (scope == "TASK")


def test_target_of_others_is_the_field_alone() -> None:
    cancel = tasks_pb2.CancelTaskRequest(task="k7f3")
    assert target_of(RIGHTS["/octra.v1.TaskService/CancelTask"], cancel) == "k7f3"
    assert target_of(RIGHTS["/octra.v1.TaskService/UploadBundle"], tasks_pb2.UploadBundleRequest()) == ""
    unknown = budgets_pb2.RaiseBudgetRequest.FromString(b"\x10\x63\x1a\x01x")
    assert target_of(RIGHTS["/octra.v1.BudgetService/RaiseBudget"], unknown) == "x"


def test_every_method_that_takes_a_request_id_changes_something_and_asks_for_a_member_at_least() -> None:
    for name, method in served().items():
        right = RIGHTS[name]
        if "request_id" in method.input_type.fields_by_name:
            assert right.changes, name
        if right.changes:
            assert right.role is not None, name
            assert right.role >= AccessRole.MEMBER, name


def test_only_who_am_i_needs_no_role() -> None:
    assert [name for name, right in RIGHTS.items() if right.role is None] == ["/octra.v1.AccessService/WhoAmI"]


@pytest.mark.parametrize("name", sorted(RIGHTS))
@pytest.mark.parametrize("role", ROLES)
def test_roles_include_those_below_them(name: str, role: AccessRole | None) -> None:
    needed = RIGHTS[name].role
    if needed is None or (role is not None and role >= needed):
        require_role(caller(role), RIGHTS[name])
        return
    with pytest.raises(RoleRequiredError) as caught:
        require_role(caller(role), RIGHTS[name])
    assert needed.word in caught.value.message
    assert "anna (uid 1000)" in caught.value.message
    assert "by the group builders" in caught.value.message
    assert (role.word if role else "no role") in caught.value.message
    assert f"[access.{needed.word}]" in caught.value.hint


@pytest.mark.parametrize("role", ROLES)
def test_tasks_of_others_are_for_admins(role: AccessRole | None) -> None:
    right = RIGHTS["/octra.v1.TaskService/CancelTask"]
    require_own_task(caller(role, 1000), right, "k7f3", 1000, "anna")
    if role in {AccessRole.ADMIN, AccessRole.OWNER}:
        require_own_task(caller(role, 1000), right, "k7f3", 0, "root")
        return
    with pytest.raises(NotYourTaskError, match="task k7f3 is that of root"):
        require_own_task(caller(role, 1000), right, "k7f3", 0, "root")


def test_allowed_actions_grow_with_the_role() -> None:
    assert allowed_actions(None) == []
    assert "submit tasks" not in allowed_actions(AccessRole.VIEWER)
    assert "cancel tasks of your own" in allowed_actions(AccessRole.MEMBER)
    assert "read the audit log" not in allowed_actions(AccessRole.MEMBER)
    assert "cancel tasks of all users" in allowed_actions(AccessRole.ADMIN)
    assert allowed_actions(AccessRole.OWNER) == allowed_actions(AccessRole.ADMIN)
