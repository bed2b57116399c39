"""What `nix print-dev-env --json` says, made into an environment that needs no Nix to be applied. Pure."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from octrad.foundation.errors import OctraError

# Of the build in which Nix looked, not of the shell: `nix develop` leaves these out, too. The last ones are of the
# derivation and mean nothing to a command, and a variable that is called `out` or `name` has surprised programs before.
_NOT_OURS = frozenset(
    (
        "BASHOPTS",
        "HOME",
        "NIX_BUILD_TOP",
        "NIX_ENFORCE_PURITY",
        "NIX_LOG_FD",
        "NIX_REMOTE",
        "OLDPWD",
        "PPID",
        "PWD",
        "SHELL",
        "SHELLOPTS",
        "SHLVL",
        "SSL_CERT_FILE",
        "TEMP",
        "TEMPDIR",
        "TERM",
        "TMP",
        "TMPDIR",
        "TZ",
        "UID",
        "_",
        "allowSubstitutes",
        "args",
        "buildInputs",
        "builder",
        "dontAddDisableDepTrack",
        "name",
        "nativeBuildInputs",
        "out",
        "outputs",
        "phases",
        "preferLocalBuild",
        "shell",
        "shellHook",
        "stdenv",
        "system",
    )
)
_READ_ONLY = frozenset(
    {"BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID", "FUNCNAME", "GROUPS", "DIRSTACK"}
)
_FALLBACK_BASH = "/bin/bash"


class DevEnvError(OctraError):
    """Nix said something else than an environment."""


@dataclass(frozen=True, slots=True)
class DevEnv:
    """An environment: its exported variables, the bash that it is made for, and a hook to be run in that bash."""

    variables: Mapping[str, str]
    bash: str
    shell_hook: str
    # A bash script that runs the hook with all that it may refer to; empty when there is none.
    activate: str


class _Text(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    type: Literal["exported", "var", "unknown"]
    value: str = ""


class _Array(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    type: Literal["array"]
    value: tuple[str, ...]


class _Associative(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    type: Literal["associative"]
    value: dict[str, str]


_Variable = Annotated[_Text | _Array | _Associative, Field(discriminator="type")]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    functions: dict[str, str] = Field(alias="bashFunctions")
    variables: dict[str, _Variable]


def parse_dev_env(answer: bytes) -> DevEnv:
    """Makes an environment of the JSON of `nix print-dev-env`.

    Raises:
        DevEnvError: it is not that.
    """
    try:
        parsed = _Answer.model_validate_json(answer)
    except ValidationError as error:
        raise DevEnvError(f"nix print-dev-env gave no environment: {error.errors()[0]['msg']}") from error
    texts = {name: variable for name, variable in parsed.variables.items() if isinstance(variable, _Text)}
    exported = {name: text.value for name, text in texts.items() if text.type == "exported" and name not in _NOT_OURS}
    hook = texts["shellHook"].value if "shellHook" in texts else ""
    activate = _activate(parsed, hook) if hook.strip() else ""
    return DevEnv(exported, _bash(texts), hook if activate else "", activate)


def _bash(texts: Mapping[str, _Text]) -> str:
    for name in ("shell", "builder", "BASH"):
        path = texts[name].value if name in texts else ""
        if path.startswith("/") and path.endswith("/bash"):
            return path
    return _FALLBACK_BASH


def _activate(parsed: _Answer, hook: str) -> str:
    lines = [line for name, variable in sorted(parsed.variables.items()) if (line := _declaration(name, variable))]
    lines += [f"{name} ()\n{{{body}}}" for name, body in sorted(parsed.functions.items())]
    return "\n".join([*lines, f"eval {shlex.quote(hook)}", ""])


def _declaration(name: str, variable: _Text | _Array | _Associative) -> str:
    if name in _READ_ONLY:
        return ""
    match variable:
        case _Array(value=items):
            return f"declare -a {name}=({' '.join(map(shlex.quote, items))})"
        case _Associative(value=pairs):
            inner = " ".join(f"[{shlex.quote(key)}]={shlex.quote(item)}" for key, item in pairs.items())
            return f"declare -A {name}=({inner})"
        case _Text(type="var") if name.isupper():
            return ""  # bash's own
        case _Text(type="var", value=value):
            return f"{name}={shlex.quote(value)}"
        case _:
            return ""
