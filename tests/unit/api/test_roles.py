"""Which role a peer has, and which quota."""

import pytest

from octrad.api.roles import AccessRole, AccessTable, Caller, Named, caller_of
from octrad.foundation.door.peer import Peer
from octrad.tasks.quota import UNLIMITED, Quota

TABLE = AccessTable(
    own_uid=900,
    named={
        AccessRole.VIEWER: Named({1000: "anna"}, {100: "users"}),
        AccessRole.MEMBER: Named({}, {200: "builders", 201: "makers"}),
        AccessRole.ADMIN: Named({1000: "anna", 1002: "carl"}),
        AccessRole.OWNER: Named({1003: "dora"}),
    },
    quota=Quota(tasks_at_once=2, cost_usd_a_day=5.0),
    quota_of={1001: Quota(tasks_at_once=9), 1002: Quota(tasks_at_once=1)},
)


def caller(uid: int, *groups: int, table: AccessTable = TABLE) -> Caller:
    gid = groups[0] if groups else uid
    return caller_of(Peer(uid, gid, 1, frozenset({gid, *groups})), "somebody", table)


@pytest.mark.parametrize(
    ("uid", "groups", "role"),
    [
        (0, (), AccessRole.OWNER),
        (900, (), AccessRole.OWNER),
        (1003, (), AccessRole.OWNER),
        (1000, (), AccessRole.ADMIN),
        (1000, (100, 200), AccessRole.ADMIN),
        (1001, (100, 200), AccessRole.MEMBER),
        (1001, (50, 201), AccessRole.MEMBER),
        (1001, (100,), AccessRole.VIEWER),
        (1001, (), None),
        (100, (), None),
        (1001, (0,), None),
        (1001, (900,), None),
    ],
)
def test_greatest_role_of_user_and_groups_counts(uid: int, groups: tuple[int, ...], role: AccessRole | None) -> None:
    # A user whose number is that of a named group, or who is in root's group, is none of them.
    found = caller(uid, *groups) if groups else caller_of(Peer(uid, 99, 1, frozenset({99})), "somebody", TABLE)
    assert found.role is role


@pytest.mark.parametrize("uid", [1, 99, 1000, 65534])
def test_without_access_only_root_and_octrads_own_user_have_a_role(uid: int) -> None:
    empty = AccessTable(own_uid=900)
    assert caller(uid, table=empty).role is None
    assert caller(0, table=empty).role is AccessRole.OWNER
    assert caller(900, table=empty).role is AccessRole.OWNER


def test_reason_names_what_gave_the_role() -> None:
    assert caller(1001, 200, 201).groups == ("builders", "makers")
    assert caller(1001, 200, 201).reason == "by the groups builders, makers"
    assert caller(1000).reason == "by access.admin.users"
    assert caller(1001).reason == "no role of [access] names the user or a group of theirs"


@pytest.mark.parametrize(
    ("uid", "groups", "quota"),
    [
        (1005, (200,), Quota(tasks_at_once=2, cost_usd_a_day=5.0)),
        (1001, (200,), Quota(tasks_at_once=9, cost_usd_a_day=5.0)),
        (1002, (200,), UNLIMITED),
        (0, (200,), UNLIMITED),
    ],
)
def test_own_quota_goes_before_the_general_one_and_admins_have_none(
    uid: int, groups: tuple[int, ...], quota: Quota
) -> None:
    assert caller(uid, *groups).quota == quota
