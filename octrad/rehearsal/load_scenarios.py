"""Reads scenario files. Every file is validated before the server says that it is ready."""

import re
import tomllib
from pathlib import Path

from pydantic import ValidationError

from octrad.foundation.errors import ConfigurationError
from octrad.rehearsal.scenario import Scenario

SCENARIOS_DIR = Path(__file__).parent / "scenarios"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_HINT = "octrad/rehearsal/README.md describes the format"


def load_scenarios(directory: Path = SCENARIOS_DIR) -> dict[str, Scenario]:
    """Returns the scenarios of a directory by name, which is the file's without `.toml`.

    Raises:
        ConfigurationError: there is no such directory, or a file of it is not a scenario; file and field are named.
    """
    if not directory.is_dir():
        raise ConfigurationError(f"no directory of scenarios: {directory}", hint="octrad rehearse --scenarios DIR")
    return {path.stem: load_scenario(path) for path in sorted(directory.glob("*.toml"))}


def load_scenario(path: Path) -> Scenario:
    """Returns one scenario.

    Raises:
        ConfigurationError: the file is not a scenario; file and field are named.
    """
    if not _NAME.fullmatch(path.stem):
        raise ConfigurationError(f"{path}: a scenario's name is lower-case letters, digits and dashes", hint=_HINT)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}", hint=_HINT) from error
    if "name" in content:
        raise ConfigurationError(f"{path}: `name`: is the file's name, not a field", hint=_HINT)
    try:
        return Scenario.model_validate({**content, "name": path.stem})
    except ValidationError as error:
        faults = "; ".join(_fault(detail["loc"], detail["msg"]) for detail in error.errors())
        raise ConfigurationError(f"{path}: {faults}", hint=_HINT) from error


def _fault(location: tuple[int | str, ...], message: str) -> str:
    # Counted from 1, as one counts [[reply]] tables in the file.
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in location]
    return f"`{''.join(parts).removeprefix('.')}`: {message.removeprefix('Value error, ')}"
