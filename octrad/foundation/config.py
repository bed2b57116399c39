"""The configuration: one TOML file, validated whole before anything starts.

Unknown keys are refused, with the nearest known one. Secrets are never values, only names of files.
"""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

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

    dsn: str = ""  # empty: a private PostgreSQL below the state directory
    dsn_file: Path | None = None  # a file that holds the DSN, where it contains a password


class Cache(_Section):
    """Where copies are kept for a while."""

    redis_url: str = ""  # empty: in the process
    ttl_s: Seconds = 300


class Nix(_Section):
    """How project environments are made."""

    # A `github:` reference that flake.lock pins, or a path whose flake stands in for it on this machine.
    nixpkgs: str = NIXPKGS_PIN
    # system: the machine's store; private: a store below the state directory; auto: the machine's where it has one.
    store: Literal["auto", "system", "private"] = "auto"
    build_timeout_s: Seconds = 3600


class Sandbox(_Section):
    """What a command that a model chose may use."""

    command_timeout_s: Seconds = 600
    output_bytes: Count = 64 * 1024 * 1024
    memory_bytes: Count = 4 * 1024**3
    processes: Count = 512
    file_bytes: Count = 1024**3


class Limits(_Section):
    """How much happens at once, and how often something is tried again."""

    tasks_at_once: Count = 4
    workers_at_once: Count = 4
    commands_at_once: Count = 2
    request_bytes: Count = 256 * 1024
    bundle_bytes: Count = 512 * 1024**2
    review_rounds: Count = 3
    fix_rounds: Count = 3
    drain_s: Seconds = 20
    log_retention_days: Count = 30


class Provider(_Section):
    """A service that models are asked of."""

    kind: Literal["anthropic", "openai", "gemini", "deepseek", "openrouter", "ollama", "openai-compatible", "rehearsal"]
    base_url: str = ""
    key_file: Path | None = None


class Models(_Section):
    """Which models are asked, in order. A name is PROVIDER/MODEL, where PROVIDER is a key of `providers`."""

    chain: tuple[str, ...] = ()
    timeout_s: Seconds = 60
    total_timeout_s: Seconds = 600
    calls_at_once: Count = 8
    prices_usd_per_million: dict[str, tuple[float, float]] = Field(default_factory=dict)  # input, output


class Servant(_Section):
    """How the gateway and the runner behave when nobody asks them anything."""

    idle_exit_s: Seconds = 300
    spool_bytes: Count = 1024**3
    spool_hours: Count = 24


class Config(_Section):
    """The whole configuration."""

    database: Database = Database()
    cache: Cache = Cache()
    nix: Nix = Nix()
    sandbox: Sandbox = Sandbox()
    limits: Limits = Limits()
    models: Models = Models()
    providers: dict[str, Provider] = Field(default_factory=dict)
    servant: Servant = Servant()


def load_config(path: Path | None) -> Config:
    """Reads and validates the file; None gives the defaults.

    Raises:
        ConfigurationError: the file cannot be read, is not TOML, or holds what it may not; every fault is named.
    """
    if path is None:
        return Config()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read the configuration {path}: {error}") from error
    try:
        return parse_config(text)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error.message}", hint=error.hint) from error


def parse_config(text: str) -> Config:
    """Validates the text of a configuration.

    Raises:
        ConfigurationError: it is not TOML, or holds what it may not; every fault is named.
    """
    try:
        return Config.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"not TOML: {error}") from error
    except ValidationError as error:
        faults = [_fault(dict(detail)) for detail in error.errors()]
        raise ConfigurationError("; ".join(faults), hint="docs/operations.md lists every key") from error


def _fault(detail: dict[str, Any]) -> str:
    location = [str(part) for part in detail["loc"]]
    name = ".".join(location)
    if detail["type"] != "extra_forbidden":
        return f"`{name}`: {detail['msg'][0].lower()}{detail['msg'][1:]}"
    known = _keys_at(location[:-1])
    near = difflib.get_close_matches(location[-1], known, n=1, cutoff=0.4)
    return f"`{name}` is not a key" + (f"; did you mean `{near[0]}`?" if near else f"; known: {', '.join(known)}")


def _keys_at(location: list[str]) -> list[str]:
    section: type[BaseModel] = Config
    for part in location:
        if section is Config and part == "providers":
            return sorted(Provider.model_fields)
        field = section.model_fields.get(part)
        if field is None or not isinstance(field.annotation, type) or not issubclass(field.annotation, BaseModel):
            return []
        section = field.annotation
    return sorted(section.model_fields)
