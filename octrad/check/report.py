"""`octrad check`: all that is wrong with a machine or a configuration, in words, before anything starts.

Every check is made, whatever the others found. Nothing is left running; nothing is written but what the runner needs
below the state directory to try itself.
"""

import asyncio
import dataclasses
import json
import sys
from pathlib import Path

from octrad.check.access import check_access
from octrad.check.database import check_database
from octrad.check.library import check_library
from octrad.check.models import check_models
from octrad.check.playbooks import check_playbooks
from octrad.check.python_packages import check_python_packages
from octrad.check.state_directory import check_state_directory
from octrad.foundation.config import Config, load_config
from octrad.foundation.errors import ConfigurationError, OctraError
from octrad.foundation.finding import Finding
from octrad.foundation.process import run

_RUNNER_S = 120.0


async def check_machine(state_dir: Path, config_path: Path | None, *, as_json: bool) -> int:
    """Prints every finding; returns 0 when all is well, else 1."""
    findings = await find_all(state_dir, config_path)
    well = all(finding.ok for finding in findings)
    if as_json:
        rows = [dataclasses.asdict(finding) for finding in findings]
        print(json.dumps({"ok": well, "findings": rows}, indent=2))  # noqa: T201 - what was asked for
    else:
        print("\n".join(_lines(findings)))  # noqa: T201 - what was asked for
    return 0 if well else 1


async def find_all(state_dir: Path, config_path: Path | None) -> list[Finding]:
    """Looks at everything. A configuration that is not valid is one finding; the rest then goes by the defaults."""
    config, configuration = _configuration(config_path)
    local = [
        check_python_packages(),
        check_access(config),
        *check_state_directory(state_dir),
        *check_models(config),
        *check_playbooks(config),
        *check_library(config),
    ]
    usable = config_path if configuration.ok else None
    database, runner = await asyncio.gather(check_database(config.database), _runner(state_dir, usable))
    return [configuration, *local, database, *runner]


def _configuration(path: Path | None) -> tuple[Config, Finding]:
    try:
        config = load_config(path)
    except ConfigurationError as error:
        return Config(), Finding("configuration", ok=False, detail=error.message, hint=error.hint)
    return config, Finding("configuration", ok=True, detail=str(path) if path else "none: the defaults")


async def _runner(state_dir: Path, config_path: Path | None) -> list[Finding]:
    """What the runner finds. It is asked as a program: the control plane does not import the runner."""
    argv = [sys.executable, "-m", "octrad", "runner", "--check", "--state-dir", str(state_dir)]
    argv += ["--config", str(config_path)] if config_path else []
    try:
        completed = await run(argv, timeout_s=_RUNNER_S)
        return [Finding(**found) for found in json.loads(completed.stdout)]
    except (OctraError, ValueError, TypeError) as error:
        hint = f"try it by hand: {' '.join(argv[1:5])}"
        return [Finding("runner", ok=False, detail=f"cannot check it: {error}", hint=hint)]


def _lines(findings: list[Finding]) -> list[str]:
    width = max(len(finding.name) for finding in findings)
    lines = []
    for finding in findings:
        said, *more = finding.detail.split("\n")
        lines.append(f"{'ok   ' if finding.ok else 'WRONG'}  {finding.name:<{width}}  {said}")
        more += [f"hint: {finding.hint}"] if finding.hint and not finding.ok else []
        lines += [f"{'':<7}{'':<{width}}  {line.strip()}" for line in more]
    wrong = sum(not finding.ok for finding in findings)
    return [*lines, "", f"{wrong} of {len(findings)} are wrong" if wrong else "all is well"]
