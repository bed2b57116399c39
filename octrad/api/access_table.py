"""Reads who has which role out of the configuration: names become the numbers that the kernel knows."""

import os
from collections.abc import Callable

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


class CurrentAccess:
    """The table of the configuration in effect, read anew when another takes its place.

    Args:
        config: gives the configuration in effect.

    Raises:
        ConfigurationError: as `read_access_table`.
    """

    def __init__(self, config: Callable[[], Config]) -> None:
        self._config = config
        self._read_from = config()
        self._table = read_access_table(self._read_from)

    def __call__(self) -> AccessTable:
        """Who has which role now.

        Raises:
            ConfigurationError: as `read_access_table`; whoever asks is then not let through.
        """
        config = self._config()
        if config is not self._read_from:
            self._table = read_access_table(config)
            self._read_from = config
        return self._table


def _named(role: str, grant: configuration.Grant) -> Named:
    return Named(
        users={find_uid(name, f"access.{role}.users"): name for name in grant.users},
        groups={find_gid(name, f"access.{role}.groups"): name for name in grant.groups},
    )


def _quota(quota: configuration.Quota) -> Quota:
    return Quota(quota.tasks_at_once, quota.tasks_a_day, quota.cost_usd_a_day)
