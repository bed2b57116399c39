"""A project whose check tries to reach what is on this machine and is none of its business.

Each attempt is a line of shell that succeeds when it reached what it must not.
"""

import json
from pathlib import Path

METADATA = "169.254.169.254"
# Ends well when it has read a byte of a process of Octra's; its own command line does not have the name in one piece.
_READ_MEMORY = """
import glob
for process in glob.glob("/proc/[0-9]*"):
    if b"octr" b"ad" in open(process + "/cmdline", "rb").read():
        memory = open(process + "/mem", "rb")
        memory.seek(int(open(process + "/maps").read().split("-")[0], 16))
        raise SystemExit(not memory.read(1))
raise SystemExit(1)
"""
_CONNECT = "python3 -c 'import socket, sys; socket.socket({family}).connect({address})'"


def _socket(path: str) -> str:
    return _CONNECT.format(family="socket.AF_UNIX", address=f'"{path}"')


def _port(host: str, port: int) -> str:
    return "timeout 3 " + _CONNECT.format(family="socket.AF_INET", address=f'("{host}", {port})')


ATTEMPTS = {
    "octrad's state": "ls /var/lib/octra",
    "the gateway's state": "ls /var/lib/octra-gateway",
    "the runner's state": "ls /var/lib/octra-runner",
    "the configuration": "cat /etc/octra/octrad.toml",
    "credentials": "ls /run/credentials",
    "a home": "ls /home/alice",
    "root's home": "ls /root/.bashrc",
    "the passwords": "cat /etc/shadow",
    "the journal": "ls /var/log/journal /run/log/journal | grep .",
    "snapshots of other projects": "ls -d /nix/store/*-octra-project",
    "octrad's socket": _socket("/run/octra/octra.sock"),
    "the gateway's socket": _socket("/run/octra-gateway/gateway.sock"),
    "the runner's socket": _socket("/run/octra-runner/runner.sock"),
    "PostgreSQL": _socket("/run/postgresql/.s.PGSQL.5432"),
    "Redis": _socket("/run/redis-octra/redis.sock"),
    "the Nix daemon": _socket("/nix/var/nix/daemon-socket/socket"),
    "the system bus": _socket("/run/dbus/system_bus_socket"),
    "systemd": _socket("/run/systemd/private"),
    "a service on the loopback": _port("127.0.0.1", 8765),
    "a cloud's metadata": _port(METADATA, 80),
    "processes of the services": "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -E 'octrad (serve|gateway|runner)'",
    "memory of the services": f"python3 -c '{_READ_MEMORY}'",
    "a program of the machine": "touch /usr/bin/python3",
    "a new program of the machine": "touch /usr/bin/added",
    "the Nix store": "touch /nix/store/added",
    "accounts": "echo added >> /etc/passwd",
    "the control groups": "echo 0 > /sys/fs/cgroup/cgroup.procs",
    "the machine's name": "hostname pried",
    "the kernel's log": "dmesg",
    "a mount": "mount -t tmpfs tmpfs /tmp",
    "another user namespace": "unshare --user true",
    "root by su": "echo | su -c true",
    "a program through a link": "ln -s /usr/bin link && touch link/added",
    "a program through /proc": "touch /proc/1/root/usr/bin/added",
    "another root": "chroot / true",
    "another mount namespace": "unshare --mount true",
    "another network": "unshare --net true",
    "the namespaces of another": "nsenter --target 1 --mount true",
    "a better priority": "renice -n -5 $$",
    "root by setuid": "python3 -c 'import os; os.setuid(0)'",
    "packets below IP": "python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 768)'",
    "systemd's notifications": _CONNECT.format(
        family="socket.AF_UNIX, socket.SOCK_DGRAM", address='"/run/systemd/notify"'
    ),
    "a device": "mknod disk b 8 0",
    "a file that runs as root": "cp /usr/bin/id id && chmod u+s id && chown 0 id && ./id -u | grep -x 0",
}
LEFT_BEHIND = "sleep 98765"


def write_prying_scenario(directory: Path) -> None:
    """Writes it as `prying.toml`, for the rehearsal."""
    tries = [
        f"({line}) >/dev/null 2>&1 </dev/null && echo 'reached: {_name(name)}' || echo 'shut: {_name(name)}'"
        for name, line in ATTEMPTS.items()
    ]
    script = "\n".join(
        ["export PATH=$PATH:/usr/bin:/usr/sbin", *tries, f"setsid {LEFT_BEHIND} >/dev/null 2>&1 &", "true\n"]
    )
    plan = {"title": "Prying", "name": "prying", "stack": "plain", "brief": "pry.sh", "checks": ["bash pry.sh"]}
    replies = {
        "grade": {"grade": 1, "reason": "One script."},
        "plan": plan | {"more_stacks": [], "packages": ["python3"]},
        "work/builder/1": {
            "summary": "Pry", "edits": [], "removals": [], "packages": [],
            "files": [{"path": "pry.sh", "executable": False, "content": script}],
        },
        "validate/*": {"approved": True, "reasons": []},
    }  # fmt: skip
    head = 'title = "Prying"\ndescription = "It tries to get out."\nrequest = "A script that pries"\n'
    (directory / "prying.toml").write_text(head + "".join(map(_reply, replies, replies.values())), encoding="utf-8")


def outcome(name: str, *, reached: bool) -> str:
    """The line that the check says about an attempt."""
    return f"{'reached' if reached else 'shut'}: {_name(name)}"


def _name(name: str) -> str:
    return name.replace("'", "")


def _reply(step: str, answer: object) -> str:
    return f"\n[[reply]]\nstep = {json.dumps(step)}\nanswer = {_inline(answer)}\n"


def _inline(value: object) -> str:
    """As TOML on one line: JSON, but for tables."""
    match value:
        case dict():
            return "{ " + ", ".join(f"{key} = {_inline(item)}" for key, item in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(_inline, value)) + "]"
        case _:
            return json.dumps(value)
