"""A configuration that is wrong is refused before anything runs, and the journal names the key."""

import pytest

from tests.system.service import Service
from tests.system.units import CONFIG

BAD = {
    "limits.tasks_at_once": ("[limits]\n", "[limits]\ntasks_at_once = 0\n"),
    "sandbox.memroy_bytes": ("[sandbox]\n", "[sandbox]\nmemroy_bytes = 1\n"),
    "access.viewer.users": ("victor", "nobody-of-this-name"),
}


@pytest.mark.parametrize("key", BAD)
def test_a_bad_key_is_named_and_octrad_does_not_start(service: Service, config: str, key: str) -> None:
    machine, (old, new) = service.machine, BAD[key]
    bad = config.replace(old, new) if old in config else f"{config}\n{new}"
    machine.write(CONFIG, bad)
    said = machine.run("systemctl", "restart", "octrad.service")
    assert said.exit_code != 0
    shown = machine.show("octrad.service", "ActiveState", "Result")
    assert shown == {"ActiveState": "failed", "Result": "exit-code"}
    assert key in machine.run("systemctl", "status", "--full", "octrad.service").stdout
