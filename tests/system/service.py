"""The installed Octra as its users see it: through octractl, the journal and the rehearsal's count of requests."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.daemon import Following, Said, wait_until
from tests.system.installation import IDLE_EXIT_S, REHEARSAL_PORT
from tests.system.machine import Machine

TASK_TIMEOUT_S = 90
READY_TIMEOUT_S = 60
_REQUESTS = f"import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:{REHEARSAL_PORT}/requests').read().decode())"


@dataclass(frozen=True, slots=True)
class Service:
    """What `user` sees of it."""

    machine: Machine
    user: str = "alice"

    def octractl(self, *arguments: str, user: str = "", timeout_s: float = TASK_TIMEOUT_S) -> Said:
        """What an installed octractl says to a user who types that."""
        return self.machine.run("octractl", *arguments, user=user or self.user, timeout_s=timeout_s)

    def must(self, *arguments: str, user: str = "") -> Said:
        """The same, which has to exit 0."""
        said = self.octractl(*arguments, user=user)
        assert said.exit_code == 0, f"octractl {arguments}: {said}\n--- the journal:\n{self.log()}"
        return said

    def submit(self, scenario: str, user: str = "") -> str:
        """Submits without following; returns the task's id."""
        request, model = f"what {scenario} builds", f"rehearsal/{scenario}"
        return str(
            self.must("submit", request, "--model", model, "--detach", "--json", "--anyway", user=user).json["id"]
        )

    @contextlib.contextmanager
    def follow(self, task: str) -> Iterator[Following]:
        """Follows from the first event on, over restarts of the daemon."""
        process = self.machine.start("octractl", "logs", task, "--follow", "--json", user=self.user)
        try:
            yield Following(process)
        finally:
            process.kill()
            process.communicate()

    def events(self, task: str) -> list[dict[str, Any]]:
        """The task's events so far."""
        return [json.loads(line) for line in self.must("logs", task, "--json").stdout.splitlines()]

    def show(self, task: str) -> Any:
        return self.must("show", task, "--json").json

    def wait(self, task: str) -> dict[str, Any]:
        """Follows the task to its end; returns it."""
        self.octractl("watch", task, "--progress", "plain")
        found: dict[str, Any] = self.show(task)["task"]
        assert found["state"] in ("TASK_STATE_DONE", "TASK_STATE_FAILED", "TASK_STATE_CANCELLED"), self.log()
        return found

    def requests(self, task: str = "") -> list[dict[str, Any]]:
        """What the model was asked, about one task or about all."""
        rows = json.loads(self.machine.must("python3", "-c", _REQUESTS))
        return [row for row in rows if task in ("", row["task"])]

    def log(self) -> str:
        """The end of what octrad and its servants said."""
        units = [f"--unit={unit}" for unit in ("octrad", "octra-gateway", "octra-runner")]
        return self.machine.must("journalctl", "--no-pager", "--lines=60", *units)

    def wait_until_ready(self) -> None:
        """Waits until octrad serves, and says what keeps it from that."""
        wait_until(lambda: self.machine.is_active("octrad.service"), READY_TIMEOUT_S, "octrad serves")

    def wait_until_idle(self) -> None:
        """Waits until nothing runs and the servants have left."""
        for unit in ("octra-gateway.service", "octra-runner.service"):
            self.wait_until_gone(unit)

    def wait_until_gone(self, unit: str) -> None:
        left = self.machine.pids
        wait_until(lambda: not left(unit), IDLE_EXIT_S + 20, f"{unit} is gone")
