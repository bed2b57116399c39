"""Reads who has which role out of the configuration: names become the numbers that the kernel knows."""

import os

from octrad.api.roles import AccessRole, AccessTable, Named
from octrad.foundation import config as configuration
from octrad.foundation.accounts import find_gid, find_uid
from octrad.foundation.config import Config
from octrad.tasks.quota import Quota


def read_access_table(config: Config) -> AccessTable:
    """The table of this process.

    Raises:
        ConfigurationError: a user or a group does not exist on this machine; the error names the key.
    """
    access = config.access
    return AccessTable(
        own_uid=os.geteuid(),
        named={
            AccessRole.VIEWER: _named("viewer", access.viewer),
            AccessRole.MEMBER: _named("member", access.member),
            AccessRole.ADMIN: _named("admin", access.admin),
            AccessRole.OWNER: _named("owner", access.owner),
        },
        quota=_quota(config.quotas),
        quota_of={find_uid(name, f"quotas.users.{name}"): _quota(quota) for name, quota in config.quotas.users.items()},
    )


def _named(role: str, grant: configuration.Grant) -> Named:
    return Named(
        users={find_uid(name, f"access.{role}.users"): name for name in grant.users},
        groups={find_gid(name, f"access.{role}.groups"): name for name in grant.groups},
    )


def _quota(quota: configuration.Quota) -> Quota:
    return Quota(quota.tasks_at_once, quota.tasks_a_day, quota.cost_usd_a_day)
