"""Which role a caller has, by the kernel's word for who they are and the configuration's for what that means. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from octrad.foundation.door.peer import Peer
from octrad.tasks.quota import UNLIMITED, Quota

ROOT = 0


class AccessRole(IntEnum):
    """Each may do what those below it may."""

    VIEWER = 1
    MEMBER = 2
    ADMIN = 3
    OWNER = 4

    @property
    def word(self) -> str:
        """As the configuration and the API write it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Named:
    """The users and groups that the configuration names for a role: their numbers, and what it calls them."""

    users: Mapping[int, str] = field(default_factory=dict)
    groups: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccessTable:
    """Who has which role and which quota. `own_uid` is octrad's; it and root are always owners."""

    own_uid: int
    named: Mapping[AccessRole, Named] = field(default_factory=dict)
    quota: Quota = UNLIMITED
    quota_of: Mapping[int, Quota] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `role` is None for somebody who may connect and has none; `groups` are those that gave the role."""

    uid: int
    name: str
    role: AccessRole | None
    reason: str
    groups: tuple[str, ...] = ()
    quota: Quota = UNLIMITED

    @property
    def shown(self) -> str:
        """For people: `anna (uid 1000)`."""
        return f"{self.name} (uid {self.uid})" if self.name else f"uid {self.uid}"


def caller_of(peer: Peer, name: str, table: AccessTable) -> Caller:
    """The caller that a peer is: with the greatest of the roles that the table gives to the user or to their groups."""
    if peer.uid == ROOT:
        return Caller(peer.uid, name, AccessRole.OWNER, "as root")
    if peer.uid == table.own_uid:
        return Caller(peer.uid, name, AccessRole.OWNER, "as the user that octrad runs as")
    for role in sorted(table.named, reverse=True):
        named = table.named[role]
        groups = tuple(sorted(named.groups[gid] for gid in peer.groups if gid in named.groups))
        if peer.uid in named.users or groups:
            reason = _reason(role, named.users.get(peer.uid), groups)
            return Caller(peer.uid, name, role, reason, groups, quota_of(peer.uid, role, table))
    return Caller(peer.uid, name, None, "no role of [access] names the user or a group of theirs")


def quota_of(uid: int, role: AccessRole, table: AccessTable) -> Quota:
    """What a user of that role may use: admins and owners all they want."""
    if role >= AccessRole.ADMIN:
        return UNLIMITED
    own = table.quota_of.get(uid, UNLIMITED)
    general = table.quota
    return Quota(
        tasks_at_once=general.tasks_at_once if own.tasks_at_once is None else own.tasks_at_once,
        tasks_a_day=general.tasks_a_day if own.tasks_a_day is None else own.tasks_a_day,
        cost_usd_a_day=general.cost_usd_a_day if own.cost_usd_a_day is None else own.cost_usd_a_day,
    )


def _reason(role: AccessRole, user: str | None, groups: tuple[str, ...]) -> str:
    if user is not None:
        return f"by access.{role.word}.users"
    return f"by the group{'' if len(groups) == 1 else 's'} {', '.join(groups)}"
