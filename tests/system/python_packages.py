"""The locked Python packages, installed into a virtual environment by the Python of the root; kept in the cache.

They are fetched by this machine's own pip, which knows where from; inside of the root nothing reaches the network.
"""

import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.daemon import ROOT
from tests.system.debian_root import debian_root, hash_of, keep

PYTHON = "3.13"
VENV = Path("/opt/octra")
LOCK = ROOT / "requirements.txt"
# The platforms of wheels that Debian 13's C library serves.
_GLIBC = ("manylinux1", "manylinux2014", *(f"manylinux_2_{minor}" for minor in range(5, 42)))
TIMEOUT_S = 400
# systemd-python is built with the root's setuptools; its hash was checked when it was fetched.
_INSTALL = """
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
python3 -m venv --system-site-packages /tmp/build
/tmp/build/bin/pip wheel -q --no-build-isolation --no-deps --no-index -w /mnt /mnt/*.tar.gz
python3 -m venv "$1"
"$1/bin/pip" install -q --no-index --no-deps /mnt/*.whl
"""
# In a mount namespace of its own: the root below, what is written in memory, and the environment in the cache.
_ENTER = """
root=$1 fetched=$2 work=$3 made=$4 venv=$5 script=$6
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/work" overlay "$work/root"
mkdir -p "$work/root$venv" "$made$venv"
mount --bind "$made$venv" "$work/root$venv"; mount --bind "$fetched" "$work/root/mnt"
mount --rbind /dev "$work/root/dev"; mount -t proc proc "$work/root/proc"
chroot "$work/root" /bin/sh -euc "$script" install "$venv"
"""


def python_packages() -> Path:
    """Returns a directory that holds `/opt/octra` and nothing else; to be laid over the root."""
    root = debian_root()
    lock = LOCK.read_text(encoding="utf-8")
    return keep(f"python-{hash_of(root.name, lock, _INSTALL)}", lambda directory: _make(root, directory))


def _make(root: Path, directory: Path) -> None:
    directory.mkdir()
    prefix = "octra-layer-"
    with tempfile.TemporaryDirectory(prefix=prefix) as fetched, tempfile.TemporaryDirectory(prefix=prefix) as work:
        _fetch(Path(fetched))
        argv = ["unshare", "--mount", "--propagation", "private", "bash", "-euc", _ENTER, "enter"]
        argv += [str(root), fetched, work, str(directory), str(VENV), _INSTALL]
        _run(argv, "install the Python packages")


def _fetch(directory: Path) -> None:
    argv = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "-qq", "--no-deps"]
    argv += ["--require-hashes", "--only-binary", ":all:", "--no-binary", "systemd-python"]
    argv += ["--implementation", "cp", "--python-version", PYTHON, "-r", str(LOCK), "-d", str(directory)]
    for glibc in _GLIBC:
        argv += ["--platform", f"{glibc}_{platform.machine()}"]
    _run(argv, "fetch the Python packages")


def _run(argv: list[str], what: str) -> None:
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert ended.returncode == 0, f"could not {what}: {ended.stdout[-2000:]}{ended.stderr[-4000:]}"
