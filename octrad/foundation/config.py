"""The configuration: one TOML file, validated whole before anything starts.

Unknown keys are refused, with the nearest known one. Secrets are never values, only names of files.

The comment of a key, above it or behind it, is what `docs/configuration.md` says of it (`scripts/document_config.py`).
"""

import difflib
import math
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from octrad.foundation.errors import ConfigurationError

# The pin of NixOS/nixpkgs that goes into every flake.lock unless `nix.nixpkgs` says otherwise.
NIXPKGS_PIN = "github:NixOS/nixpkgs/34268251cf5547d39063f2c5ea9a196246f7f3a6"

Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]


def _require_url(text: str) -> str:
    """Refuses a base URL that is none, before a request to it fails in a way that nobody understands."""
    try:
        place = urlsplit(text)
        is_url = not text or (place.scheme in {"http", "https"} and bool(place.hostname) and place.port != 0)
    except ValueError:  # a port that is no number, a bracket that is not closed
        is_url = False
    if not is_url or any(character.isspace() for character in text):
        raise ValueError(f"{text!r} is not a URL like http://127.0.0.1:8000/v1")
    return text


def _require_once(chain: tuple[str, ...]) -> tuple[str, ...]:
    """Refuses a model that is named twice: to ask it again after it failed is not what a chain is for."""
    twice = next((name for name in chain if chain.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} is named twice")
    return chain


def _require_absolute(path: Path | None) -> Path | None:
    """Refuses a relative path: octrad's working directory is nobody's choice."""
    if path is not None and not path.is_absolute():
        raise PydanticCustomError("relative_path", "`{path}` is not an absolute path", {"path": str(path)})
    return path


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
    # An environment that nothing used for so long loses its hold on the store; it is made again when it is wanted.
    environment_retention_days: Count = 30


class Packages(_Section):
    """Which packages of nixpkgs may come into a project's environment besides those of its stack.

    A plan names some, workers ask for more. Patterns are of dotted attributes: `*` stands for anything but a dot, `**`
    for anything at all.
    """

    # allow: workers may ask for packages, within the keys below. refuse: the plan's have to do.
    requests: Literal["allow", "refuse"] = "allow"
    # Attributes that may be had; none: no packages but the stack's.
    allow: tuple[str, ...] = ("**",)
    # Attributes that may not, whatever `allow` says; one counts for what a package is called too, and below any other
    # attribute: `nmap` also denies `pkgs.nmap`.
    deny: tuple[str, ...] = ()
    # Attributes that may be had although their licences are not free. What such a package needs comes with it.
    unfree: tuple[str, ...] = ()
    # In one task, the plan's among them.
    per_task: Count = 40


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
    """What may go into the Nix store, and how long it is kept there."""

    # What happens when a snapshot would keep what looks like a secret (a private key, an access token): refuse ends the
    # task without a snapshot, until a person allows it for this task; allow does not look.
    secrets: Literal["refuse", "allow"] = "refuse"
    # Older ones are pruned once a day, but for the newest and the newest proved one of a project, and those of tasks
    # that have not ended. Absent: all are kept for ever.
    retention_days: int | None = Field(default=None, gt=0)
    # Where the runner keeps the links that hold snapshots in the store. Absent: below its state directory. Links that
    # were made elsewhere stay there.
    roots_dir: Path | None = None

    @field_validator("roots_dir")
    @classmethod
    def _is_absolute(cls, path: Path | None) -> Path | None:
        return _require_absolute(path)


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
    # How long the audit log remembers a call.
    audit_retention_days: Count = 365


class Audit(_Section):
    """Whether the models are judged before a task spends anything: `octractl audit` does the same when it is asked."""

    # After the grade of each run; where for a role that is needed no model can do the work, the task ends there. large:
    # tasks of grade 4 and 5, and those that begin from a repository of more than 5 MB.
    before_tasks: Literal["never", "large", "always"] = "never"


class Provider(_Section):
    """A service that models are asked of."""

    # What it speaks, and how it is priced.
    kind: Literal["anthropic", "openai", "gemini", "deepseek", "openrouter", "ollama", "openai-compatible", "rehearsal"]
    # Empty: the provider's own. openai-compatible and rehearsal need it, ending in `/v1`.
    base_url: Annotated[str, AfterValidator(_require_url)] = ""
    # A file that holds the key and nothing else; only the gateway reads it, anew for each request. A relative one is
    # below $CREDENTIALS_DIRECTORY where that is set. Not needed for ollama, openai-compatible and rehearsal.
    key_file: Path | None = None
    # Requests to it at once, of all tasks together; absent: as many as `models.calls_at_once` allows.
    calls_at_once: int | None = Field(default=None, gt=0)
    # Requests to it that may begin within any 60 s; the others wait. Absent: no limit.
    requests_per_minute: int | None = Field(default=None, gt=0)


Chain = Annotated[tuple[str, ...], AfterValidator(_require_once)]


class Roles(_Section):
    """The chain of each role, in place of `models.chain`. A role without one has that."""

    # Grades, plans, and compares the result with the request.
    boss: Chain = ()
    # Divides the work among workers.
    manager: Chain = ()
    # Writes files, and repairs them.
    worker: Chain = ()
    # Says whether the work of others is what was asked for.
    reviewer: Chain = ()
    # Words what went wrong.
    advisor: Chain = ()


class Models(_Section):
    """Which models are asked, in order. A name is PROVIDER/MODEL, where PROVIDER is a key of `providers`."""

    # The first that gives a valid answer is taken.
    chain: Chain = ()
    roles: Roles = Roles()
    # The model whose vectors say which requests are alike (see `duplicates`), for instance
    # "openai/text-embedding-3-small"; anthropic and deepseek have none. Empty: they are compared by their words alone.
    embedding: str = ""
    # For one attempt.
    timeout_s: Seconds = 60
    # For one attempt at a long answer, such as files: how long nothing at all may come, since it comes as a stream.
    long_timeout_s: Seconds = 120
    # For all attempts at one question, with the waits between them.
    total_timeout_s: Seconds = 600
    # Models that are asked for one answer, one after the other, at most.
    hops: Count = 8
    # Requests to providers at once, of all tasks together.
    calls_at_once: Count = 8
    # By a name in the chain: US dollars per million tokens of input and of output. Goes before LiteLLM's own prices; a
    # model that neither knows is unpriced.
    prices_usd_per_million: dict[str, tuple[float, float]] = Field(default_factory=dict)
    # append: what Ollama, LM Studio, llama.cpp, Jan, GPT4All, vLLM or text-generation-webui has loaded on this machine
    # is asked after the chain, alone where there is none. off: nothing is looked for.
    local_servers: Literal["append", "off"] = "append"

    @field_validator("prices_usd_per_million")
    @classmethod
    def _prices_are_amounts(cls, prices: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        for model, usd in prices.items():
            # Nothing is an amount too: a model of one's own costs no money.
            if not all(math.isfinite(price) and price >= 0 for price in usd):
                raise ValueError(f"the price of `{model}` is {usd[0]:g} and {usd[1]:g}; each must be at least 0")
        return prices

    @property
    def chains(self) -> dict[str, tuple[str, ...]]:
        """The chains that are not empty, by their keys."""
        roles = {f"models.roles.{role}": getattr(self.roles, role) for role in Roles.model_fields}
        return {key: chain for key, chain in {"models.chain": self.chain, **roles}.items() if chain}

    def chain_of(self, role: str) -> tuple[str, ...]:
        """The chain of a role; that of all where it has none."""
        return getattr(self.roles, role, ()) or self.chain


class Duplicates(_Section):
    """Whether a request is refused that was made before, or nearly so; `octractl submit --anyway` goes on.

    Compared are requests on the same ground: what they build on, the stack that they ask for, and whether a rehearsal
    answers. Tasks that failed or were cancelled do not count.
    """

    # Whether it is refused. Otherwise only what later requests are compared with is written down.
    refuse: bool = True
    # From which cosine of the two vectors on a request is nearly the same.
    similarity: float = Field(default=0.85, gt=0, le=1, allow_inf_nan=False)
    # How long a submission waits for `models.embedding`, and for the gateway to start; then words have to do.
    wait_s: Seconds = 5


class Knowledge(_Section):
    """What agents are told besides what Octra brings along."""

    # A directory with stacks/NAME.toml, guides/NAME.toml and skills/SLUG.md of your own; one takes the place of the
    # shipped one of its name. Read at the start and at each reload; a file that is wrong is passed over, and the log
    # says which and why.
    dir: Path | None = None

    @field_validator("dir")
    @classmethod
    def _is_absolute(cls, path: Path | None) -> Path | None:
        return _require_absolute(path)


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
    # Who may cancel and retry the tasks of all, raise budgets, and read the audit log.
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


class Budgets(_Section):
    """What priced model calls may cost, in US dollars. A key that is absent limits nothing.

    At 80 % octrad warns once. At 100 % a task is paused before its next call, with its work kept;
    `octractl budget raise` lets it go on, and so does the next day or month (UTC).
    """

    # Each task, in all of its runs.
    task_usd: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    # Each project, in all.
    project_usd: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    # The tasks of each user, in a calendar month.
    user_usd_a_month: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    # All tasks together, on a calendar day.
    day_usd: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    # All tasks together, in a calendar month.
    month_usd: float | None = Field(default=None, gt=0, allow_inf_nan=False)


class Config(_Section):
    """The whole configuration."""

    database: Database = Database()
    cache: Cache = Cache()
    nix: Nix = Nix()
    packages: Packages = Packages()
    sandbox: Sandbox = Sandbox()
    snapshots: Snapshots = Snapshots()
    limits: Limits = Limits()
    audit: Audit = Audit()
    models: Models = Models()
    providers: dict[str, Provider] = Field(default_factory=dict)
    duplicates: Duplicates = Duplicates()
    knowledge: Knowledge = Knowledge()
    advisor: Advisor = Advisor()
    servant: Servant = Servant()
    gateway: Gateway = Gateway()
    runner: Runner = Runner()
    access: Access = Access()
    quotas: Quotas = Quotas()
    budgets: Budgets = Budgets()


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
        message = str(detail["msg"]).removeprefix("Value error, ")
        message = message.replace("a valid tuple", "a list").replace("a valid dictionary", "a section")
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
