"""The Nix store that the benchmarked daemon uses, for the references to use as well."""

import os

from tests.daemon import House


def nix_environment(daemon: House) -> dict[str, str]:
    """The variables with which plain Nix works on the daemon's private store."""
    nix = daemon.state_dir / "runner" / "nix"
    return os.environ | {
        "NIX_STORE_DIR": str(nix / "store"),
        "NIX_STATE_DIR": str(nix / "var" / "nix"),
        "NIX_LOCALSTATE_DIR": str(nix / "var"),
        "NIX_LOG_DIR": str(nix / "var" / "log"),
        "NIX_CONF_DIR": str(nix / "conf"),
        "XDG_CACHE_HOME": str(nix / "cache"),
    }
