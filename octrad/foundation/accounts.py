"""Users and groups of this machine, by name and by number, as its name service knows them.

A look may ask a server (LDAP): within the event loop it belongs into a thread.
"""

import grp
import pwd

from octrad.foundation.errors import ConfigurationError

_HINT = "names are looked up when octrad starts: make the account first, or correct the name"


def find_uid(name: str, key: str) -> int:
    """The number of a user.

    Raises:
        ConfigurationError: there is none of that name; the error names the key of the configuration.
    """
    try:
        return pwd.getpwnam(name).pw_uid
    except (KeyError, ValueError) as error:
        raise ConfigurationError(f"`{key}`: this machine has no user `{name}`", hint=_HINT) from error


def find_gid(name: str, key: str) -> int:
    """The number of a group.

    Raises:
        ConfigurationError: there is none of that name; the error names the key of the configuration.
    """
    try:
        return grp.getgrnam(name).gr_gid
    except (KeyError, ValueError) as error:
        raise ConfigurationError(f"`{key}`: this machine has no group `{name}`", hint=_HINT) from error


def user_name(uid: int) -> str:
    """What a user is called; empty where the number has no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""
