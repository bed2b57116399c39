"""What the rehearsal of these tests knows: the scenarios that ship, some of them made quicker, and a few of its own."""

import shutil
from pathlib import Path

from octrad.rehearsal.load_scenarios import SCENARIOS_DIR, load_scenarios

SCENARIOS = load_scenarios(SCENARIOS_DIR)
# How long the check of `slow` takes here: long enough to kill a daemon, start it and find the command still running.
SLOW_S = 7
# How long the model of `thinking` takes over its plan.
THINKING_S = 4
# What a model says that is asked about a task, with what no terminal should get to see.
ADVICE = "There is no largest prime number."
_ADVICE = f"""
[[reply]]
step = "consult/*"
[reply.answer]
answer = "{ADVICE}\\u001b[2J"
"""
_ASKS_AGAIN = """
[[reply]]
step = "work/reporter/2"
[reply.answer]
summary = "The report needs jq alone"
files = []
edits = []
removals = []
packages = ["jq", "proprietary"]

[[reply]]
step = "work/reporter/3"
[reply.answer]
summary = "Report on the orders with jq"
edits = []
removals = []
packages = []
files = [
  { path = "report.sh", executable = true, content = "jq -r length orders.json\\n" },
  { path = "tests/run.sh", executable = true, content = "test \\"$(bash report.sh)\\" = 3\\n" },
]
"""
_REFUSED = """
[[reply]]
step = "work/*"
[reply.failure]
kind = "error"
status = 402
message = "Insufficient credits"
"""


def write_scenarios(directory: Path) -> Path:
    """Writes them all and returns the directory."""
    shutil.copytree(SCENARIOS_DIR, directory, dirs_exist_ok=True)
    shutil.copytree(Path(__file__).parent / "scenarios", directory, dirs_exist_ok=True)
    slow = (directory / "slow.toml").read_text(encoding="utf-8")
    quicker = slow.replace("seconds=20", f"seconds={SLOW_S}")
    (directory / "slow.toml").write_text(quicker, encoding="utf-8")
    quick = slow.replace("seconds=20", "seconds=1")
    (directory / "quick.toml").write_text(quick, encoding="utf-8")
    thinking = quick.replace('step = "plan"', f'step = "plan"\ndelay_s = {THINKING_S}')
    (directory / "thinking.toml").write_text(thinking, encoding="utf-8")
    (directory / "refuses-to-work.toml").write_text(_with_first(quick, _REFUSED), encoding="utf-8")
    advised = (directory / "never-passes.toml").read_text(encoding="utf-8")
    (directory / "advised.toml").write_text(_with_first(advised, _ADVICE), encoding="utf-8")
    asking = (directory / "asks-for-packages.toml").read_text(encoding="utf-8")
    # Granted, then not to be built together; the reporter asks again for what it really needs.
    unbuildable = asking.replace('["databaseThatNobodyHas", "sqlite"]', '["proprietary", "licensed"]')
    unbuildable = unbuildable.replace('packages = ["jq"]', 'packages = ["jq", "unbuildable"]')
    (directory / "unbuildable.toml").write_text(_with_first(unbuildable, _ASKS_AGAIN), encoding="utf-8")
    return directory


def _with_first(scenario: str, reply: str) -> str:
    """The scenario with a reply that goes before its others."""
    return scenario.replace("[[reply]]", f"{reply}\n[[reply]]", 1)
