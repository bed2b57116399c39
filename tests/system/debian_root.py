"""A root directory of Debian 13 with systemd, made once and kept in the cache; whoever boots it writes elsewhere."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.system.mirror import read_mirror, read_network_settings

SUITE = "trixie"
PACKAGES = (
    # the machine
    *("systemd", "systemd-sysv", "dbus", "libpam-systemd", "iproute2", "procps"),
    # what octrad leans on
    *("nix-bin", "nix-setup-systemd", "postgresql-17", "postgresql-17-pgvector", "redis-server", "bubblewrap", "git"),
    # its interpreter, and what builds systemd-python, which has no wheel
    *("python3", "python3-venv", "python3-dev", "python3-setuptools", "gcc", "make", "pkg-config", "libsystemd-dev"),
)
MAKING_TIMEOUT_S = 600


def cache_directory() -> Path:
    """Where roots are kept between runs."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "octra-tests"


def debian_root() -> Path:
    """Returns the root, made anew where the packages it is to have are others. Nobody may write to it."""
    return keep(f"debian-{hash_of(SUITE, *PACKAGES)}", _make)


def hash_of(*texts: str) -> str:
    """Returns a short name for exactly these texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def keep(name: str, make: Callable[[Path], None]) -> Path:
    """Returns the directory of that name in the cache, after `make` has filled it where it is not there yet."""
    cache = cache_directory()
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / f"{name}.lock"):
        if not (cache / name).exists():
            new = cache / f"{name}.new"
            shutil.rmtree(new, ignore_errors=True)
            make(new)
            new.rename(cache / name)
    return cache / name


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(directory: Path) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as settings:
        settings.write(read_network_settings())
        settings.flush()
        argv = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
        argv += [f"--aptopt={settings.name}", SUITE, str(directory), read_mirror()]
        made = subprocess.run(argv, capture_output=True, text=True, timeout=MAKING_TIMEOUT_S, check=False)
    assert made.returncode == 0, f"mmdebstrap could not make a root: {made.stderr[-4000:]}"
