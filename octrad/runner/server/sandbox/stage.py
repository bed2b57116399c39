"""Lets an unprivileged uid reach what a command needs, when the runner is root.

A command of root's runner must not be root in any sense of the kernel's: not uid 0 (which owns /proc/sys and is
exempt from the limit on processes), not with a capability in any namespace of the host. So bubblewrap itself is
started under an unprivileged uid; but then it cannot pass through the state directory, which is closed to others. The
stage is a mount namespace, made once, in which the few directories that commands need stand under a path that is open
to all; `nsenter` enters it and drops root in one step.

An ordinary user needs none of this: bubblewrap runs as that user.
"""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from octrad.foundation.errors import UnavailableError

# Unused by Debian and NixOS, and inside of the 65,536 ids of a container.
SANDBOX_UID = 65533
# In the stage's own mount namespace only; commands see no /sys at all.
_ROOT = Path("/sys")
_START_TIMEOUT_S = 10.0
_SCRIPT = """
mount -t tmpfs -o mode=0755,size=64k octra "$1"
root=$1; shift
while [ $# -gt 0 ]; do mkdir "$root/$1"; mount --bind "$2" "$root/$1"; shift 2; done
echo; read -r _
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where bubblewrap finds what it shows: for an ordinary user, where it is."""

    uid: int | None = None
    descriptor: int | None = None
    _places: Mapping[Path, Path] = field(default_factory=dict)

    @property
    def entry(self) -> tuple[str, ...]:
        """What to put before bubblewrap's argument vector."""
        if self.descriptor is None:
            return ()
        # Through our own descriptor, not an inherited one: nothing of it reaches the command.
        namespace = f"/proc/{os.getpid()}/fd/{self.descriptor}"
        program = shutil.which("nsenter") or "nsenter"
        return (program, f"--mount={namespace}", "--setuid", str(self.uid), "--setgid", str(self.uid), "--")

    def locate(self, path: Path) -> Path:
        """Returns where bubblewrap finds `path`."""
        for original, place in self._places.items():
            if path.is_relative_to(original):
                return place / path.relative_to(original)
        return path

    def close(self) -> None:
        """Gives the namespace back."""
        if self.descriptor is not None:
            os.close(self.descriptor)


async def make_stage(directories: Mapping[str, Path]) -> Stage:
    """Makes the stage with these directories (by a name for each), which exist; for root a mount namespace.

    Raises:
        UnavailableError: the kernel or the container that we are in does not let us.
    """
    if os.geteuid() != 0:
        return Stage()
    if shutil.which("unshare") is None:
        raise UnavailableError("`unshare` is not installed", hint="install util-linux")
    arguments = [part for name, path in directories.items() for part in (name, str(path))]
    process = await asyncio.create_subprocess_exec(
        *("unshare", "--mount", "--propagation", "private", "sh", "-euc", _SCRIPT, "sh", str(_ROOT), *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        descriptor = await _open_when_ready(process)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        _, complaint = await process.communicate()
    if descriptor is None:
        message = complaint.decode(errors="replace").strip()
        raise UnavailableError(f"cannot make a mount namespace: {message}", hint="`octrad check` says more")
    return Stage(SANDBOX_UID, descriptor, {path: _ROOT / name for name, path in directories.items()})


async def _open_when_ready(process: asyncio.subprocess.Process) -> int | None:
    if process.stdout is None:
        raise AssertionError("it is a pipe")
    try:
        async with asyncio.timeout(_START_TIMEOUT_S):
            ready = await process.stdout.readline()
    except TimeoutError:
        return None
    return os.open(f"/proc/{process.pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC) if ready else None
