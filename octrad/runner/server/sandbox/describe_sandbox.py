"""The argument vector of bubblewrap: what a command that a model chose can see and do. Pure, golden-tested.

The command sees: its work tree read-write at `/project`; of the Nix store what its environment needs, read-only, at
its own path; where the host's tools stand in for nixpkgs, those, read-only; a home and a /tmp of its own, in memory
and limited; a minimal /dev and /etc; its own /proc. It does not see: Octra's state, any socket of the host, other
processes, the network (unless it was granted), the environment of the runner. It has no capability, cannot gain any,
and cannot make a user namespace. Of the kernel's calls it has those that `call_filter.py` leaves it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = "/project"
HOME = "/home/octra"
UID = 1000
_SHM_BYTES = 64 * 1024 * 1024

# After the captured environment: what describes this very place.
_VARIABLES = {
    "HOME": HOME,
    "USER": "octra",
    "LOGNAME": "octra",
    "PWD": PROJECT,
    "TMPDIR": "/tmp",  # noqa: S108 - the sandbox's own, private one
    "TMP": "/tmp",  # noqa: S108 - as above
    "TEMP": "/tmp",  # noqa: S108 - as above
    "TEMPDIR": "/tmp",  # noqa: S108 - as above
    "TERM": "dumb",
    "LANG": "C.UTF-8",
}
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# What a program needs to find hosts and to trust them; of /etc nothing else of the host is seen.
_NETWORK_FILES = ("/etc/resolv.conf", "/etc/ssl/certs", "/etc/pki", "/etc/static/ssl", "/etc/static/pki")


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Open file descriptors that bubblewrap is given.

    `status`: where it tells the pid of the sandbox and the exit code; `go`: it starts the command when a byte comes;
    `call_filter`: the filter of system calls, where there is one for this machine.
    """

    status: int
    go: int
    call_filter: int | None = None

    @property
    def all(self) -> tuple[int, ...]:
        """What it inherits."""
        return (self.status, self.go, *(() if self.call_filter is None else (self.call_filter,)))


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What one command gets.

    `read_only` is what to show read-only, where it exists: its source, by the place where it is seen; `etc_dir` holds
    the passwd, group and hosts to show; `links` are symbolic links to make (/bin/sh where /bin is not the host's).
    """

    work_dir: Path
    etc_dir: Path
    argv: tuple[str, ...]
    variables: Mapping[str, str]
    read_only: Mapping[str, str]
    temporary_bytes: int
    network: bool = False
    links: Mapping[str, str] = field(default_factory=dict)


def describe_sandbox(sandbox: Sandbox, descriptors: Descriptors) -> tuple[str, ...]:
    """Returns the argument vector that runs `sandbox.argv`."""
    return (
        "bwrap",
        *_namespaces(sandbox),
        *_variables(sandbox),
        *_files(sandbox),
        *("--json-status-fd", str(descriptors.status), "--block-fd", str(descriptors.go)),
        *(() if descriptors.call_filter is None else ("--seccomp", str(descriptors.call_filter))),
        "--",
        *sandbox.argv,
    )


def _namespaces(sandbox: Sandbox) -> tuple[str, ...]:
    return (
        *("--unshare-user", "--disable-userns", "--uid", str(UID), "--gid", str(UID)),
        *("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *(() if sandbox.network else ("--unshare-net",)),
        *("--hostname", "octra", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
    )


def _variables(sandbox: Sandbox) -> tuple[str, ...]:
    variables = {**sandbox.variables, **_VARIABLES}
    if sandbox.network:
        # nixpkgs' stdenv points these at nothing, so that builds do not trust the host by accident.
        variables |= {"SSL_CERT_FILE": _CERTIFICATES, "NIX_SSL_CERT_FILE": _CERTIFICATES}
    pairs = (("--setenv", name, value) for name, value in sorted(variables.items()))
    return ("--clearenv", *(part for pair in pairs for part in pair))


def _files(sandbox: Sandbox) -> tuple[str, ...]:
    shown = {**sandbox.read_only, **({path: path for path in _NETWORK_FILES} if sandbox.network else {})}
    etc = ((str(sandbox.etc_dir / name), f"/etc/{name}") for name in ("passwd", "group", "hosts", "nsswitch.conf"))
    size = str(sandbox.temporary_bytes)
    return (
        *("--proc", "/proc", "--dev", "/dev"),
        *("--size", str(_SHM_BYTES), "--perms", "1777", "--tmpfs", "/dev/shm"),  # noqa: S108 - its own
        # Before what is shown: a private store may lie below the host's /tmp.
        *("--size", size, "--perms", "1777", "--tmpfs", "/tmp"),  # noqa: S108 - its own
        *("--size", size, "--perms", "0700", "--tmpfs", HOME),
        *(part for place, source in shown.items() for part in ("--ro-bind-try", source, place)),
        *(part for source, place in etc for part in ("--ro-bind", source, place)),
        *(part for place, target in sorted(sandbox.links.items()) for part in ("--symlink", target, place)),
        *("--bind", str(sandbox.work_dir), PROJECT, "--chdir", PROJECT),
        *("--remount-ro", "/dev", "--remount-ro", "/"),
    )
