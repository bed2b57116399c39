"""Whether the users and groups that the configuration names exist on this machine."""

from octrad.api.access_table import read_access_table
from octrad.foundation.config import Config
from octrad.foundation.errors import ConfigurationError
from octrad.foundation.finding import Finding


def check_access(config: Config) -> Finding:
    """A finding for roles and quotas together."""
    try:
        table = read_access_table(config)
    except ConfigurationError as error:
        return Finding("access", ok=False, detail=error.message, hint=error.hint)
    named = [
        f"{role.word}: {', '.join((*given.users.values(), *given.groups.values()))}"
        for role, given in table.named.items()
        if given.users or given.groups
    ]
    return Finding("access", ok=True, detail="; ".join(named) or "root and octrad's own user alone")
