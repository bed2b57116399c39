"""`octractl audit` against a real daemon: what it says, what it sends, how it ends; and tasks that begin with one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from octrad.rehearsal.load_scenarios import SCENARIOS_DIR
from tests.acceptance.rehearsed import SCENARIOS
from tests.daemon import House, Rehearsal, config_for, house

CANARY = "sk-canary-0123456789"
SECRET_WORDS = "a tool that nobody may hear of"
# The names of models that have prices and windows; behind them is the rehearsal.
LARGE, SMALL = "priced/gpt-4o", "small/gpt-4"
LIMITS = """title = "A key with limits"
request = "build it"
[[reply]]
step = "probe"
text = "Hi"
headers = { x-ratelimit-limit-requests = "500", x-ratelimit-remaining-requests = "499" }
[[reply]]
step = "grade"
answer = { grade = 2, reason = "Small." }
"""
REFUSED = """title = "A key that is refused"
request = "build it"
[[reply]]
step = "probe"
failure = { kind = "error", status = 401, message = "Incorrect API key provided: sk-canary-0123456789" }
"""
LARGE_WORK = """title = "A boss that takes everything for large"
request = "build it"
[[reply]]
step = "grade"
answer = { grade = 4, reason = "Large." }
"""


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    directory = tmp_path_factory.mktemp("scenarios")
    shutil.copytree(SCENARIOS_DIR, directory, dirs_exist_ok=True)
    for name, text in (("gpt-4o", LIMITS), ("gpt-4", LIMITS), ("refused", REFUSED), ("large", LARGE_WORK)):
        (directory / f"{name}.toml").write_text(text, encoding="utf-8")
    another = (directory / "python-cli.toml").read_text(encoding="utf-8")
    (directory / "another.toml").write_text(f'{another}\n[[reply]]\nstep = "probe"\ntext = "Hi"\n', encoding="utf-8")
    server = Rehearsal(directory)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def auditing(provider: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A daemon with keys, that audits before each task."""
    key = tmp_path_factory.mktemp("keys") / "canary.key"
    key.write_text(CANARY, encoding="utf-8")
    extra = f"""
[audit]
before_tasks = "always"
[providers.priced]
kind = "openai"
base_url = "{provider.base_url}"
key_file = "{key}"
[providers.small]
kind = "openai"
base_url = "{provider.base_url}"
key_file = "{key}"
[providers.keyed]
kind = "openai-compatible"
base_url = "{provider.base_url}"
key_file = "{key}"
[providers.nokey]
kind = "openai"
"""
    with house(config_for(provider, extra=extra)) as started:
        yield started


def roles_config(provider: Rehearsal, scenario: str, key: Path) -> str:
    """The boss and managers have a chain, workers another one with a key, and reviewers one that nobody can ask."""
    key.write_text(CANARY, encoding="utf-8")
    extra = f"""
[audit]
before_tasks = "always"
[models.roles]
worker = ["keyed/another", "keyed/gpt-4o"]
reviewer = ["nokey/x"]
advisor = ["keyed/gpt-4o"]
[models.prices_usd_per_million]
"rehearsal/{scenario}" = [1.0, 2.0]
"keyed/another" = [3.0, 4.0]
[providers.keyed]
kind = "openai-compatible"
base_url = "{provider.base_url}"
key_file = "{key}"
[providers.nokey]
kind = "openai"
"""
    return config_for(provider, scenario, extra=extra)


@pytest.fixture(scope="module")
def with_roles(provider: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(roles_config(provider, "python-cli", tmp_path_factory.mktemp("keys") / "canary.key")) as started:
        yield started


def test_audit_tells_sizes_costs_limits_and_the_chain_and_sends_nothing_of_the_work(
    auditing: House, provider: Rehearsal, small_repository: Path
) -> None:
    words = ("audit", SECRET_WORDS, "--repo", str(small_repository), "--model", f"nokey/x,{LARGE},rehearsal/slow")
    first = auditing.must(*words, "--json").json
    (chain,) = first["chains"]
    lacking, large, rehearsal = chain["models"]
    assert (chain["roles"], chain["keys"]) == (["boss", "manager", "worker", "reviewer"], ["--model"])
    assert [model["rank"] for model in chain["models"]] == [0, 1, 2]
    assert chain["order"] == [LARGE, "rehearsal/slow"]
    assert first["stuck_roles"] == []
    assert (first["least_usd"], first["most_usd"]) == (large["least_usd"], large["most_usd"])
    assert (lacking["viable"], lacking["failure_class"]) == (False, "auth")
    assert "providers.nokey.key_file is not set" in lacking["hindrances"][0]
    assert [question["question"] for question in large["questions"]] == [
        *("grade", "plan", "validate", "later validate"),
        *("assign", "work", "later work", "review", "later review"),
    ]
    assert all(int(question["input_tokens"]) > 100 for question in large["questions"])
    assert (large["context_tokens"], large["approximate"], rehearsal["approximate"]) == ("128000", False, True)
    assert 0 < large["least_usd"] < large["most_usd"]
    assert large["prices_from"].startswith("LiteLLM")
    assert "least_usd" not in rehearsal
    assert large["probe"]["limits"] == [{"name": "requests", "limit": "500", "remaining": "499"}]
    assert first["probes_made"] == 1

    page = auditing.must(*words).stdout
    assert "unpriced" in page
    assert "nokey/x is skipped (auth): no key" in page
    assert f"reviewer: asked in this order, the next where one fails: {LARGE} → rehearsal/slow" in " ".join(
        page.split()
    )
    assert "key of priced, asked within the last hour: requests 500 (499 left)" in page
    probes = [row for row in provider.requests("audit") if row["model"] == "gpt-4o"]
    assert [row["step"] for row in probes] == ["probe"]
    assert {row["step"] for row in provider.requests() if row["task"] == "audit"} == {"probe"}


def test_contents_of_the_repository_count(auditing: House, small_repository: Path) -> None:
    def length_of_work(*words: str) -> int:
        found = auditing.must("audit", "go on", "--no-probe", "--json", "--model", LARGE, *words).json
        questions = found["chains"][0]["models"][0]["questions"]
        return int(next(one["input_tokens"] for one in questions if one["question"] == "work"))

    without, with_it = length_of_work(), length_of_work("--repo", str(small_repository))
    contents = sum(path.stat().st_size for path in small_repository.rglob("*.py"))
    assert contents / 8 < with_it - without < contents


def test_without_probes_no_key_is_used(auditing: House, provider: Rehearsal) -> None:
    before = len(provider.requests("audit"))
    found = auditing.must("audit", "--no-probe", "--json", "--model", "keyed/refused").json
    (model,) = found["chains"][0]["models"]
    assert model["viable"]
    assert "probe" not in model
    assert len(provider.requests("audit")) == before


def test_no_viable_model_is_exit_78_with_the_reason_and_without_the_key(auditing: House) -> None:
    said = auditing.octractl("audit", "a tool", "--model", "keyed/refused")
    assert said.exit_code == 78
    assert "keyed/refused is skipped (auth): the provider refuses the key" in said.stdout
    assert said.stderr.startswith("error: no model can do this work as boss, manager, worker and reviewer\nhint: ")
    assert CANARY not in said.stdout + said.stderr + auditing.log
    as_json = auditing.octractl("audit", "a tool", "--model", "keyed/refused", "--json")
    assert as_json.exit_code == 78
    assert as_json.json["chains"][0]["order"] == []
    assert as_json.json["stuck_roles"] == ["boss", "manager", "worker", "reviewer"]


def test_each_role_is_judged_by_its_own_questions_and_chain_and_the_costs_are_summed(
    with_roles: House, provider: Rehearsal
) -> None:
    before = len([row for row in provider.requests("audit") if row["step"] == "probe"])
    said = with_roles.octractl("audit", SECRET_WORDS, "--json")
    assert said.exit_code == 78
    assert "error: no model can do this work as reviewer\n" in said.stderr
    found = said.json
    common, workers, reviewers = found["chains"]
    assert (common["roles"], common["keys"]) == (["boss", "manager"], ["models.chain"])
    assert (workers["roles"], workers["keys"]) == (["worker"], ["models.roles.worker"])
    assert workers["order"] == ["keyed/another", "keyed/gpt-4o"]
    assert (reviewers["roles"], reviewers["order"]) == (["reviewer"], [])
    assert found["stuck_roles"] == ["reviewer"]
    assert [question["question"] for question in workers["models"][0]["questions"]] == ["work", "later work"]
    assert found["probes_made"] == 1
    assert len([row for row in provider.requests("audit") if row["step"] == "probe"]) == before + 1
    assert "least_usd" not in found, "nobody knows what reviews would cost"

    named = with_roles.must("audit", SECRET_WORDS, "--json", "--model", "keyed/another").json
    assert [chain["roles"] for chain in named["chains"]] == [["boss", "manager", "worker", "reviewer"]]
    page = with_roles.octractl("audit", SECRET_WORDS).stdout
    assert "boss and manager: asked in this order, the next where one fails: rehearsal/python-cli" in page
    assert "worker: asked in this order, the next where one fails: keyed/another → keyed/gpt-4o" in page
    assert "reviewer: no model can do this" in page


def test_one_role_can_be_looked_at_alone(with_roles: House) -> None:
    found = with_roles.must("audit", SECRET_WORDS, "--no-probe", "--json", "--role", "worker").json
    (chain,) = found["chains"]
    model = chain["models"][0]
    assert (chain["roles"], found["fewest_calls"], found["stuck_roles"]) == (["worker"], 1, [])
    assert (found["least_usd"], found["most_usd"]) == (model["least_usd"], model["most_usd"])
    (boss,) = with_roles.must("audit", SECRET_WORDS, "--no-probe", "--json", "--role", "boss").json["chains"]
    together = with_roles.octractl("audit", SECRET_WORDS, "--no-probe", "--json").json["chains"]
    assert boss["models"][0]["least_usd"] == together[0]["models"][0]["least_usd"]
    assert chain["models"] == together[1]["models"]
    assert with_roles.octractl("audit", "--role", "reviewer").exit_code == 78
    assert with_roles.must("audit", "--role", "advisor", "--json").json["chains"][0]["order"] == ["keyed/gpt-4o"]
    refused = with_roles.octractl("audit", "--role", "nobody")
    assert (refused.exit_code, "'boss', 'manager'" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("a tool", "--model", "nosuch/model"), 65, "no configured provider serves the model 'nosuch/model'"),
        (("a tool", "--model", "model"), 65, "no configured provider serves the model 'model'"),
        (("x" * 300_000,), 65, ""),
        (("a tool", "--file", "also"), 2, "give the request as one argument"),
        (("--file", "/nowhere"), 66, "cannot read /nowhere"),
        (("--repo", "/nowhere"), 66, "/nowhere is not a git repository"),
    ],
)
def test_bad_input_is_refused(auditing: House, arguments: tuple[str, ...], exit_code: int, words: str) -> None:
    if len(arguments[0]) > 100_000:  # more than a single argument may hold
        said = auditing.octractl("audit", "-", stdin=arguments[0])
        words = "the request has 300,000 bytes"
    else:
        said = auditing.octractl("audit", *arguments)
    assert (said.exit_code, words in said.stderr) == (exit_code, True), said.stderr


def test_task_that_no_model_can_do_ends_before_more_than_its_grade_is_asked(
    auditing: House, provider: Rehearsal
) -> None:
    ended = auditing.wait(auditing.submit("build it " * 1500, "--model", SMALL))
    assert ended["state"] == "TASK_STATE_FAILED"
    assert "The audit found no model that can do this work." in ended["note"]
    assert f"No model can do this work as boss and worker: {SMALL}: " in ended["note"]
    assert "75 % of its 8,192" in ended["note"]
    assert ended["next_command"] == f"octractl audit --model {SMALL}"
    assert {row["step"] for row in provider.requests(ended["id"])} == {"grade"}
    remarks = [event["remarked"] for event in auditing.events(ended["id"]) if "remarked" in event]
    assert [remark["text"].startswith(f"audit: {SMALL} cannot do this") for remark in remarks if remark["warning"]] == [
        True
    ]


def test_audited_task_tells_what_was_found_and_goes_on(auditing: House) -> None:
    ended = auditing.wait(auditing.submit(SCENARIOS["python-cli"].request, "--model", "rehearsal/python-cli"))
    assert ended["state"] == "TASK_STATE_DONE", ended["note"]
    (remark,) = [
        event["remarked"]["text"]
        for event in auditing.events(ended["id"])
        if event["step"] == "audit/1" and "remarked" in event
    ]
    assert remark.startswith("audit: rehearsal/python-cli can do this as boss and worker, it has no price")
    shown = auditing.show(ended["id"])
    assert "audit/1" in [step["name"] for step in shown["steps"]]
    assert not [call for call in shown["model_calls"] if call["step"] == "audit/1"]


def test_small_task_needs_no_reviewer_and_tells_what_its_two_chains_cost_together(with_roles: House) -> None:
    ended = with_roles.wait(with_roles.submit(SCENARIOS["python-cli"].request))
    assert ended["state"] == "TASK_STATE_DONE", ended["note"]
    told = [
        event["remarked"]["text"]
        for event in with_roles.events(ended["id"])
        if event["step"] == "audit/1" and "remarked" in event
    ]
    assert [text.split(",")[0] for text in told[:3]] == [
        "audit: rehearsal/python-cli can do this as boss",
        "audit: keyed/another can do this as worker",
        "audit: keyed/gpt-4o can do this as worker",
    ]
    assert told[3].startswith("audit: a task costs between $0.0")
    models = {call["step"].partition("/")[0]: call["model"] for call in with_roles.show(ended["id"])["model_calls"]}
    assert (models["plan"], models["work"]) == ("rehearsal/python-cli", "keyed/another")


def test_large_task_that_nobody_could_review_ends_early_and_names_the_role(provider: Rehearsal, tmp_path: Path) -> None:
    with house(roles_config(provider, "large", tmp_path / "canary.key")) as started:
        ended = started.wait(started.submit("build it"))
        assert ended["state"] == "TASK_STATE_FAILED"
        assert "No model can do this work as reviewer: nokey/x: no key" in ended["note"]
        assert ended["next_command"] == "octractl audit"
        assert {row["step"] for row in provider.requests(ended["id"])} == {"grade"}
        again = started.octractl(*ended["next_command"].split()[1:])
        assert (again.exit_code, "as reviewer" in again.stderr) == (78, True)
