"""Which Nix store this runner uses, and the environment that every Nix program gets.

Only what is needed goes into that environment, so that no configuration of a user's chooses a builder or a registry.
"""

import grp
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from octrad.foundation.config import Nix
from octrad.foundation.errors import ConfigurationError

SYSTEM_STORE = Path("/nix/store")
SYSTEM_STATE = Path("/nix/var/nix")
DAEMON_SOCKET = Path("/nix/var/nix/daemon-socket/socket")

_TEMPORARY = "tmp"
_INHERITED = ("PATH", "NIX_REMOTE", "NIX_SSL_CERT_FILE", "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy", "no_proxy")
# A flake's `nixConfig` would choose substituters and builders: it is not asked, whatever the machine's nix.conf says.
_SETTINGS = """extra-experimental-features = nix-command flakes
warn-dirty = false
flake-registry = {registry}
accept-flake-config = false
pure-eval = true
allow-unsafe-native-code-during-evaluation = false
"""
# Builders of the stand-in are the host's programs, so the build sandbox must show them.
_PRIVATE_SETTINGS = """experimental-features = nix-command flakes
substituters =
build-users-group =
sandbox = true
sandbox-fallback = true
sandbox-paths = {sandbox_paths}
"""
_SANDBOX_PATHS = ("/bin", "/etc/alternatives", "/lib", "/lib64", "/usr")


@dataclass(frozen=True, slots=True)
class NixStore:
    """A store and how to reach it."""

    store_dir: Path
    # Nix's own: its database and locks.
    state_dir: Path
    environment: Mapping[str, str]
    private: bool

    @property
    def temporary_dir(self) -> Path:
        """Where Nix's programs build and keep what they do not need for long. Of a Nix that was killed, it stays."""
        return Path(self.environment["TMPDIR"])


def choose_store(config: Nix, runner_dir: Path) -> NixStore:
    """Chooses the machine's store or a private one below `runner_dir`, as configured. Blocks for a few file accesses.

    Raises:
        ConfigurationError: the machine's store was asked for and cannot be used.
    """
    usable = os.access(DAEMON_SOCKET, os.W_OK) or os.access(SYSTEM_STORE, os.W_OK)
    match config.store:
        case "private":
            return private_store(runner_dir / "nix")
        case "auto" if not usable:
            return private_store(runner_dir / "nix")
        case "system" if not usable:
            raise ConfigurationError(
                f"there is no Nix daemon, and {SYSTEM_STORE} cannot be written to",
                hint='start nix-daemon, or set nix.store = "private"',
            )
        case "system" | "auto":
            return system_store(runner_dir / "nix")


def system_store(directory: Path) -> NixStore:
    """The machine's store; caches go below `directory`. Blocks."""
    settings = _begin(directory)
    if not DAEMON_SOCKET.exists() and os.geteuid() == 0 and not _has_build_users():
        settings += "build-users-group =\n"
    return NixStore(SYSTEM_STORE, SYSTEM_STATE, {**_base(directory), "NIX_CONFIG": settings}, private=False)


def private_store(directory: Path) -> NixStore:
    """A store of our own below `directory`: no daemon, no privilege, no /nix. Blocks."""
    settings = _begin(directory)
    state, conf = directory / "var", directory / "conf"
    conf.mkdir(exist_ok=True)
    paths = " ".join(path for path in _SANDBOX_PATHS if Path(path).exists())
    (conf / "nix.conf").write_text(_PRIVATE_SETTINGS.format(sandbox_paths=paths))
    places = {
        "NIX_STORE_DIR": directory / "store",
        "NIX_STATE_DIR": state / "nix",
        "NIX_LOCALSTATE_DIR": state,
        "NIX_LOG_DIR": state / "log",
        "NIX_CONF_DIR": conf,
    }
    environment = {name: str(path) for name, path in places.items()} | _base(directory) | {"NIX_CONFIG": settings}
    environment.pop("NIX_REMOTE", None)
    return NixStore(directory / "store", state / "nix", environment, private=True)


def _begin(directory: Path) -> str:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    (directory / _TEMPORARY).mkdir(mode=0o700, exist_ok=True)
    registry = directory / "registry.json"
    registry.write_text('{"version":2,"flakes":[]}\n')
    return _SETTINGS.format(registry=registry)


def _base(directory: Path) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    places = {"HOME": directory, "XDG_CACHE_HOME": directory / "cache", "TMPDIR": directory / _TEMPORARY}
    return inherited | {name: str(place) for name, place in places.items()} | {"LC_ALL": "C.UTF-8"}


def _has_build_users() -> bool:
    try:
        return bool(grp.getgrnam("nixbld").gr_mem)
    except KeyError:
        return False
