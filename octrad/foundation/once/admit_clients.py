"""Who may connect to a servant: root, the user that it runs as, and the users that `servant.clients` names."""

import os
import pwd
from collections.abc import Callable

from octrad.foundation.config import Config
from octrad.foundation.door.peer import Peer
from octrad.foundation.errors import ConfigurationError


def client_uids(config: Config) -> frozenset[int]:
    """Their uids.

    Raises:
        ConfigurationError: a name is no user of this machine.
    """
    return frozenset({0, os.geteuid(), *map(_uid_of, config.servant.clients)})


def admit_clients(config: Config) -> Callable[[Peer], bool]:
    """Whether a peer is one of them. Whoever is not is told nothing.

    Raises:
        ConfigurationError: a name is no user of this machine.
    """
    admitted = client_uids(config)
    return lambda peer: peer.uid in admitted


def _uid_of(name: str) -> int:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError as error:
        raise ConfigurationError(
            f"`servant.clients`: this machine has no user `{name}`", hint="name users as `getent passwd` does"
        ) from error
