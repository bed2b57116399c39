"""A chain whose models fail, each in its own way, through octractl: it goes on, says so, and remembers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.rehearsed import SCENARIOS
from tests.daemon import House, Rehearsal, config_for, house

# By variant, how the provider of that name answers whatever it is asked.
FAILURES = {
    "limited": 'kind = "error", status = 429, headers = { retry-after = "3600" }, message = "slow down"',
    "keyless": 'kind = "error", status = 401, message = "no such key"',
    "broke": 'kind = "error", status = 402, message = "pay first"',
    "nameless": 'kind = "error", status = 404, message = "The model does not exist"',
    "small": 'kind = "error", status = 400, message = "maximum context length is 10 tokens"',
}
OUTCOMES = {"limited": "rate", "keyless": "auth", "broke": "billing", "nameless": "bad_model", "small": "context"}
# The question is too long for it whoever asks; of the others it is known after the first request.
ASKED_AGAIN = "small"


@pytest.fixture
def failing_rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    scenarios = Path(__file__).parents[2] / "octrad" / "rehearsal" / "scenarios"
    head, rest = (scenarios / "python-cli.toml").read_text(encoding="utf-8").split("[[reply]]", 1)
    replies = "".join(
        f'[[reply]]\nstep = "*"\nvariant = "{name}"\nfailure = {{ {failure} }}\n' for name, failure in FAILURES.items()
    )
    (tmp_path / "failing.toml").write_text(f"{head}{replies}[[reply]]{rest}", encoding="utf-8")
    server = Rehearsal(tmp_path)
    server.start()
    yield server
    server.stop()


def config_of(rehearsal: Rehearsal) -> str:
    chain = ", ".join(f'"{name}/failing:{name}"' for name in FAILURES)
    providers = "".join(
        f'[providers.{name}]\nkind = "rehearsal"\nbase_url = "{rehearsal.base_url}"\n'
        for name in (*FAILURES, "writers")
    )
    roles = '[models.roles]\nworker = ["writers/failing"]\n'
    whole = config_for(rehearsal, "failing", providers + roles)
    return whole.replace('chain = ["rehearsal/failing"]', f'chain = [{chain}, "rehearsal/failing"]')


def calls(daemon: House, task: str, step: str) -> list[tuple[str, str]]:
    """Who was asked in a step, and how it ended."""
    rows = daemon.show(task)["model_calls"]
    return [(row["model"].partition("/")[0], row["outcome"]) for row in rows if row["step"] == step]


def models(daemon: House) -> dict[str, str]:
    """Why each model of the chain is not asked."""
    rows = daemon.must("models", "--json").json["models"]
    return {row["name"].partition("/")[0]: row["detail"] for row in rows}


def test_chain_goes_on_over_five_failures_and_the_next_task_knows_of_them(failing_rehearsal: Rehearsal) -> None:
    request = SCENARIOS["python-cli"].request
    with house(config_of(failing_rehearsal)) as daemon:
        first = daemon.submit(request)
        assert daemon.wait(first)["state"] == "TASK_STATE_DONE"
        assert calls(daemon, first, "grade") == [*OUTCOMES.items(), ("rehearsal", "ok")]
        page = daemon.must("show", first).stdout
        for words in ("is at its rate limit", "refuses the key", "wants to be paid", "finds the question too long"):
            assert words in page
        # Whoever writes files has a chain of its own.
        assert calls(daemon, first, "work/builder/1") == [("writers", "ok")]

        # Who would be asked now: those of which nothing is known first.
        boss = daemon.must("audit", request, "--no-probe", "--json").json["chains"][0]
        assert [name.partition("/")[0] for name in boss["order"]] == [
            ASKED_AGAIN,
            "rehearsal",
            *(name for name in FAILURES if name != ASKED_AGAIN),
        ]
        told = {model["name"].partition("/")[0]: model["remarks"][0] for model in boss["models"]}
        assert told["broke"].startswith("passed over while another model can be asked: down: the account has no credit")
        assert told["limited"].startswith("passed over while another model can be asked: cooling down for ")

        second = daemon.submit(request)
        assert daemon.wait(second)["state"] == "TASK_STATE_DONE"
        assert calls(daemon, second, "grade") == [(ASKED_AGAIN, "context"), ("rehearsal", "ok")]
        variants = [row["model"].partition(":")[2] for row in failing_rehearsal.requests()]
        assert {name: variants.count(name) for name in FAILURES if name != ASKED_AGAIN} == {
            name: 1 for name in FAILURES if name != ASKED_AGAIN
        }

        # The gateway that found out is gone, and what it found out is not.
        daemon.kill_servants()
        told = models(daemon)
        assert told["limited"].startswith("cooling down for ")
        assert told["limited"].endswith(" s: rate limit")
        assert told["keyless"] == "down: the key was refused; change providers.keyless"
        assert "no credit" in told["broke"]
        assert "does not know the model" in told["nameless"]
        assert told["small"] == told["rehearsal"] == told["writers"] == ""
