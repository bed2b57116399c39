"""Refuses what can be known to be wrong before anything runs; `octrad serve` begins with it.

It takes no look at the machine around: a database may come up later, keys are the gateway's business, and Nix is the
runner's. Nothing is started, made or written. Not an ExecStartPre= of the unit: when that refuses, systemd tries again
and again, while a service that exits 78 itself (RestartPreventExitStatus=) has failed and says so.
"""

from pathlib import Path

from octrad.api.access_table import read_access_table
from octrad.check.models import check_chains
from octrad.choose_database import configured_dsn
from octrad.foundation.config import Config, load_config
from octrad.foundation.errors import ConfigurationError
from octrad.foundation.once.admit_clients import client_uids


def check_before_start(config_path: Path | None) -> None:
    """Returns when octrad can be started.

    Raises:
        ConfigurationError: it cannot; the message names the key.
    """
    config = load_config(config_path)
    _check_models(config)
    configured_dsn(config.database)
    client_uids(config)
    read_access_table(config)


def _check_models(config: Config) -> None:
    """A chain is not needed to start, but one that nobody serves is a mistake."""
    finding = check_chains(config)
    if not finding.ok:
        raise ConfigurationError(finding.detail, hint=finding.hint)
