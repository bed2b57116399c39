"""What the rehearsal of these tests knows: the scenarios that ship, some of them made quicker, and a few of its own."""

import shutil
from pathlib import Path

from octrad.rehearsal.load_scenarios import SCENARIOS_DIR, load_scenarios

SCENARIOS = load_scenarios(SCENARIOS_DIR)
# How long the check of `slow` takes here: long enough to kill a daemon, start it and find the command still running.
SLOW_S = 7
# How long the model of `thinking` takes over its plan.
THINKING_S = 4


def write_scenarios(directory: Path) -> Path:
    """Writes them all and returns the directory."""
    shutil.copytree(SCENARIOS_DIR, directory, dirs_exist_ok=True)
    slow = (directory / "slow.toml").read_text(encoding="utf-8")
    quicker = slow.replace("seconds=20", f"seconds={SLOW_S}")
    (directory / "slow.toml").write_text(quicker, encoding="utf-8")
    quick = slow.replace("seconds=20", "seconds=1")
    (directory / "quick.toml").write_text(quick, encoding="utf-8")
    thinking = quick.replace('step = "plan"', f'step = "plan"\ndelay_s = {THINKING_S}')
    (directory / "thinking.toml").write_text(thinking, encoding="utf-8")
    return directory
