"""The configuration: one TOML file, validated whole before anything starts.

Unknown keys are refused, with the nearest known one. Secrets are never values, only names of files.

The comment of a key, above it or behind it, is what `docs/configuration.md` says of it (`scripts/document_config.py`).
"""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from octrad.foundation.errors import ConfigurationError

# The pin of NixOS/nixpkgs that goes into every flake.lock unless `nix.nixpkgs` says otherwise.
NIXPKGS_PIN = "github:NixOS/nixpkgs/34268251cf5547d39063f2c5ea9a196246f7f3a6"

Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Database(_Section):
    """Where the truth is kept."""

    # PostgreSQL 15 or later with pgvector; empty: a private PostgreSQL below the state directory.
    dsn: str = ""
    # A file that holds the DSN and nothing else, where it contains a password; it goes before `dsn`.
    dsn_file: Path | None = None


class Cache(_Section):
    """Where copies are kept for a while."""

    # Empty: in the process.
    redis_url: str = ""
    # How long a copy is taken for true.
    ttl_s: Seconds = 300


class Nix(_Section):
    """How project environments are made."""

    # `github:OWNER/REPO/REV`, which flake.lock pins; or an absolute path whose flake takes its place on this machine;
    # or `stand-in`, the programs of this machine's /usr/bin.
    nixpkgs: str = NIXPKGS_PIN
    # system: the machine's; private: one below the state directory, without a daemon and without a binary cache;
    # auto: the machine's where it can be used.
    store: Literal["auto", "system", "private"] = "auto"
    # To make one environment.
    build_timeout_s: Seconds = 3600


class Sandbox(_Section):
    """What a command that a model chose may use."""

    # From its start to its end.
    command_timeout_s: Seconds = 600
    # What it may print; a command that prints more is ended.
    output_bytes: Count = 64 * 1024 * 1024
    # All of its processes together, and each; its /tmp and its home hold a quarter of this each.
    memory_bytes: Count = 4 * 1024**3
    # Processes and threads at once.
    processes: Count = 512
    # The largest file that it may write.
    file_bytes: Count = 1024**3


class Snapshots(_Section):
    """What may go into the Nix store."""

    # What happens when a snapshot would keep what looks like a secret (a private key, an access token): refuse ends the
    # task without a snapshot, until a person allows it for this task; allow does not look.
    secrets: Literal["refuse", "allow"] = "refuse"


class Limits(_Section):
    """How much happens at once, and how often something is tried again."""

    # Tasks that run beside each other; the others wait in the queue.
    tasks_at_once: Count = 4
    # Managers or workers of one task that are asked beside each other.
    workers_at_once: Count = 4
    # Commands in the sandbox, of all tasks together.
    commands_at_once: Count = 2
    # The greatest request that is taken.
    request_bytes: Count = 256 * 1024
    # The greatest repository that is taken, as a git bundle.
    bundle_bytes: Count = 512 * 1024**2
    # Rounds of work and review in one run of a task.
    review_rounds: Count = 3
    # Repairs after failed checks in one run of a task, before each verdict of the Boss.
    fix_rounds: Count = 3
    # How long a stop waits for running tasks to let go; they are resumed at the next start.
    drain_s: Seconds = 20
    # How long the whole output of a command is kept.
    log_retention_days: Count = 30


class Provider(_Section):
    """A service that models are asked of."""

    # What it speaks, and how it is priced.
    kind: Literal["anthropic", "openai", "gemini", "deepseek", "openrouter", "ollama", "openai-compatible", "rehearsal"]
    # Empty: the provider's own. openai-compatible and rehearsal need it, ending in `/v1`.
    base_url: str = ""
    # A file that holds the key and nothing else; only the gateway reads it, anew for each request. A relative one is
    # below $CREDENTIALS_DIRECTORY where that is set. Not needed for ollama, openai-compatible and rehearsal.
    key_file: Path | None = None


class Models(_Section):
    """Which models are asked, in order. A name is PROVIDER/MODEL, where PROVIDER is a key of `providers`."""

    # The first that gives a valid answer is taken.
    chain: tuple[str, ...] = ()
    # For one attempt.
    timeout_s: Seconds = 60
    # For all attempts at one question, with the waits between them.
    total_timeout_s: Seconds = 600
    # Requests to providers at once, of all tasks together.
    calls_at_once: Count = 8
    # By a name in the chain: US dollars per million tokens of input and of output. Goes before LiteLLM's own prices; a
    # model that neither knows is unpriced.
    prices_usd_per_million: dict[str, tuple[float, float]] = Field(default_factory=dict)


class Advisor(_Section):
    """What is said of a task that did not end done."""

    # A directory of playbooks of your own, NAME.toml; they go before those that are shipped. Read at each such end, so
    # a change needs no reload.
    playbooks_dir: Path | None = None
    # Whether a model may add a few sentences to the note of a task that failed. It costs one call more, and time, just
    # where models may have failed; `octractl advise` asks one when somebody wants to know.
    model_wording: bool = False


class Servant(_Section):
    """How the gateway and the runner behave when nobody asks them anything."""

    # It ends after so long without a call and without work; octrad starts it again when it is wanted.
    idle_exit_s: Seconds = 300
    # Results that octrad has not yet recorded: the oldest beyond this are dropped, and the log says so.
    spool_bytes: Count = 1024**3
    # And those that are older than this.
    spool_hours: Count = 24
    # Users who may connect, by name, besides root and the user that the servant runs as: octrad's, where that is
    # another one.
    clients: tuple[str, ...] = ()


class Gateway(_Section):
    """Where octrad finds the model gateway."""

    # The socket where it listens already, or systemd for it: octrad then neither starts nor stops it. Absent: octrad
    # starts it when it is wanted, and it listens below the state directory.
    socket: Path | None = None


class Runner(_Section):
    """Where octrad finds the runner."""

    # The socket where it listens already, or systemd for it: octrad then neither starts nor stops it. Absent: octrad
    # starts it when it is wanted, and it listens below the state directory.
    socket: Path | None = None


class Grant(_Section):
    """Root and the user that octrad runs as are always owners; whoever is named nowhere has no role."""

    # Names of users of this machine.
    users: tuple[str, ...] = ()
    # Names of groups, whose members have the role: by their primary group and by all others.
    groups: tuple[str, ...] = ()


class Access(_Section):
    """Who may do what; docs/security.md says what each role may."""

    # Who may read everything.
    viewer: Grant = Grant()
    # Who may submit tasks too, and cancel and retry their own.
    member: Grant = Grant()
    # Who may cancel and retry the tasks of all, and read the audit log.
    admin: Grant = Grant()
    # Who may do everything.
    owner: Grant = Grant()


class Quota(_Section):
    """What one member may use, in place of `quotas`, key by key. Admins and owners have no quota."""

    # Tasks that have not ended.
    tasks_at_once: int | None = Field(default=None, gt=0)
    # Tasks submitted and retried within 24 hours.
    tasks_a_day: int | None = Field(default=None, gt=0)
    # US dollars of the priced model calls within 24 hours; running tasks are not stopped by it.
    cost_usd_a_day: float | None = Field(default=None, gt=0)


class Quotas(Quota):
    """What each member may use. A key that is absent limits nothing. Admins and owners have no quota."""

    # By the name of a user.
    users: dict[str, Quota] = Field(default_factory=dict)


class Config(_Section):
    """The whole configuration."""

    database: Database = Database()
    cache: Cache = Cache()
    nix: Nix = Nix()
    sandbox: Sandbox = Sandbox()
    snapshots: Snapshots = Snapshots()
    limits: Limits = Limits()
    models: Models = Models()
    providers: dict[str, Provider] = Field(default_factory=dict)
    advisor: Advisor = Advisor()
    servant: Servant = Servant()
    gateway: Gateway = Gateway()
    runner: Runner = Runner()
    access: Access = Access()
    quotas: Quotas = Quotas()


def load_config(path: Path | None) -> Config:
    """Reads and validates the file; None gives the defaults.

    Raises:
        ConfigurationError: the file cannot be read, is not TOML, or holds what it may not; every fault is named.
    """
    return parse_config(read_config(path), path)


def read_config(path: Path | None) -> str:
    """The text of the file; None is an empty one.

    Raises:
        ConfigurationError: it cannot be read.
    """
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        hint = "name another with --config, or leave it out for the defaults"
        raise ConfigurationError(f"cannot read the configuration {path}: {reason}", hint=hint) from error


def parse_config(text: str, path: Path | None = None) -> Config:
    """Validates the text of a configuration; `path` is where it came from, for the error.

    Raises:
        ConfigurationError: it is not TOML, or holds what it may not; every fault is named.
    """
    place = f"{path}: " if path else ""
    try:
        return Config.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        hint = "sections are [name] and text stands in quotes; docs/configuration.md lists every key"
        raise ConfigurationError(f"{place}not TOML: {error}", hint=hint) from error
    except ValidationError as error:
        faults = "; ".join(_fault(dict(detail)) for detail in error.errors())
        raise ConfigurationError(f"{place}{faults}", hint="docs/configuration.md lists every key") from error


def _fault(detail: dict[str, Any]) -> str:
    location = [str(part) for part in detail["loc"]]
    name = ".".join(location)
    if detail["type"] != "extra_forbidden":
        message = str(detail["msg"]).replace("a valid tuple", "a list").replace("a valid dictionary", "a section")
        return f"`{name}`: {message[0].lower()}{message[1:]}"
    known = _keys_at(location[:-1])
    near = difflib.get_close_matches(location[-1], known, n=1, cutoff=0.4)
    return f"`{name}` is not a key" + (f" (did you mean `{near[0]}`?)" if near else f" (known: {', '.join(known)})")


def _keys_at(location: list[str]) -> list[str]:
    section: Any = Config
    for part in location:
        if get_origin(section) is dict:  # a table whose keys are names that the administrator chooses
            section = get_args(section)[1]
        elif part in section.model_fields:
            section = section.model_fields[part].annotation
        else:
            return []
        if get_origin(section) is not dict and not (isinstance(section, type) and issubclass(section, BaseModel)):
            return []
    return [] if get_origin(section) is dict else sorted(section.model_fields)
