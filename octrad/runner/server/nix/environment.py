"""A captured environment as it stands on disk: `environments/HASH/environment.json`, and a GC root beside it.

A directory without that file is an environment that was never finished.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from octrad.foundation.errors import NotFoundError

FILE_NAME = "environment.json"
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Environment:
    """What a command runs in.

    `variables` is the whole environment but for HOME, TMPDIR and the like, which the sandbox sets. Where `shell_hook`
    is not empty, `bash` is to `source` the file `activate` before the command. `store_paths`, which is all that it
    needs of the store, and those of `host_paths` that exist must be readable at their own places.
    """

    hash: str
    variables: Mapping[str, str]
    bash: str
    shell_hook: str
    activate: Path
    store_dir: str
    store_paths: tuple[str, ...]
    host_paths: tuple[str, ...]
    stand_in: bool


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    variables: dict[str, str]
    bash: str
    shell_hook: str
    store_dir: str
    store_paths: tuple[str, ...]
    host_paths: tuple[str, ...]
    stand_in: bool


def load_environment(environments_dir: Path, environment_hash: str) -> Environment:
    """Reads a captured environment. Blocks for one small file.

    Raises:
        NotFoundError: it was never captured on this machine, or is removed.
    """
    missing = NotFoundError(f"no environment {environment_hash[:80]} on this machine", hint="it is made again")
    if not _HASH.fullmatch(environment_hash):
        raise missing
    directory = environments_dir / environment_hash
    try:
        file = _File.model_validate_json((directory / FILE_NAME).read_bytes())
    except (FileNotFoundError, ValidationError) as error:
        raise missing from error
    return Environment(
        environment_hash,
        file.variables,
        file.bash,
        file.shell_hook,
        directory / "activate.sh",
        file.store_dir,
        file.store_paths,
        file.host_paths,
        file.stand_in,
    )


def save_environment(environment: Environment, activate: str) -> None:
    """Writes an environment so that it is there whole or not at all. Blocks.

    Raises:
        OSError: the directory cannot be written to.
    """
    directory = environment.activate.parent
    environment.activate.write_text(activate)
    file = _File(
        variables=dict(environment.variables),
        bash=environment.bash,
        shell_hook=environment.shell_hook,
        store_dir=environment.store_dir,
        store_paths=environment.store_paths,
        host_paths=environment.host_paths,
        stand_in=environment.stand_in,
    )
    part = directory / ".environment.json.part"
    part.write_text(file.model_dump_json(indent=1))
    part.replace(directory / FILE_NAME)
