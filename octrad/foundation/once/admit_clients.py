"""Who may connect to a servant: root, the user that it runs as, and the users that `servant.clients` names."""

import os
from collections.abc import Callable

from octrad.foundation.accounts import find_uid
from octrad.foundation.config import Config
from octrad.foundation.door.peer import Peer


def client_uids(config: Config) -> frozenset[int]:
    """Their uids.

    Raises:
        ConfigurationError: a name is no user of this machine.
    """
    return frozenset({0, os.geteuid(), *(find_uid(name, "servant.clients") for name in config.servant.clients)})


def admit_clients(config: Config) -> Callable[[Peer], bool]:
    """Whether a peer is one of them. Whoever is not is told nothing.

    Raises:
        ConfigurationError: a name is no user of this machine.
    """
    admitted = client_uids(config)
    return lambda peer: peer.uid in admitted
