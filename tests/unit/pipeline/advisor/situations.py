"""One situation or more for every playbook that is shipped, as they come out of real ends."""

from dataclasses import replace

from octrad.pipeline.advisor.situation import Hop, Situation, Spent
from octrad.pipeline.ending import Kept

TASK = "k7f3bcdfgh"
FAILED = Situation(
    task_id=TASK,
    project="todo",
    stack="python",
    message="it broke",
    kept=Kept.SNAPSHOT,
    spent=Spent(12_345, 678, 0.0123, 2),
)
CHECK = replace(
    FAILED, code="checks_failed", message="`pytest -q` ended with exit code 1", step="check/4/1", command="pytest -q"
)
ANTHROPIC, OPENAI = "anthropic/claude-sonnet-4-5", "openai/gpt-4.1"


def no_answer(outcome: str, reason: str = "", error: str = "no") -> Situation:
    hops = (
        Hop(ANTHROPIC, "rate", 3, 10_250, "Number of request tokens has exceeded your rate limit"),
        Hop(OPENAI, outcome, 1, 420, error),
    )
    message = f"no model answered `work`: {OPENAI} …"
    return replace(
        FAILED,
        code="models_failed",
        failure_class=outcome,
        reason=reason,
        message=message,
        hint="mend it",
        step="work/builder/1",
        hops=hops,
    )


def check(output: str = "1 failed", **fields: str) -> Situation:
    return replace(CHECK, output=output, **fields)  # type: ignore[arg-type] # texts only


def error(code: str, message: str = "it broke", **fields: str) -> Situation:
    return replace(FAILED, code=code, message=message, **fields)  # type: ignore[arg-type] # texts only


SITUATIONS: list[tuple[str, Situation]] = [
    ("models-rate", no_answer("rate", "too_many_requests")),
    ("models-context", no_answer("context", "too_long")),
    ("models-auth", no_answer("auth", "key", "Incorrect API key provided")),
    ("models-billing", no_answer("billing", "payment")),
    ("models-unknown", no_answer("bad_model", "unknown_model")),
    ("models-unknown", no_answer("bad_model", "parameter:temperature")),
    ("models-invalid", no_answer("hallucination", "truncated")),
    ("models-refusal", no_answer("hallucination", "refusal")),
    ("models-transient", no_answer("transient", "server")),
    ("models-unreachable", no_answer("transient", "unreachable", "cannot reach http://127.0.0.1:1/v1: refused")),
    ("models-timeout", no_answer("transient", "timeout")),
    ("models-audit", error("no_viable_model", "no model can do this work as boss: a/b: no key", failure_class="auth")),
    ("models-no-key", error("configuration", "no key for openai/gpt-4.1: cannot read /etc/octra/openai.key")),
    ("models-no-key", error("configuration", "no key for openai/gpt-4.1: providers.openai.key_file is not set")),
    ("models-none", error("configuration", "no model is configured")),
    ("models-none", error("configuration", "`gpt` in the chain of models is not PROVIDER/MODEL")),
    ("configuration", error("configuration", "Nix is not installed")),
    ("checks-failed", check()),
    ("checks-missing-package", check("ModuleNotFoundError: No module named 'requests'")),
    ("checks-missing-package", check("Error: Cannot find module 'express'\nRequire stack:")),
    ("checks-missing-package", check("main.c:1:10: fatal error: curl/curl.h: No such file or directory")),
    ("checks-missing-program", check("bash: line 1: jq: command not found")),
    ("checks-missing-program", check("sh: 1: jq: not found")),
    ("checks-missing-test-tool", check("bash: line 1: pytest: command not found")),
    ("checks-missing-test-tool", check("/bin/python3: No module named pytest")),
    ("checks-no-network", check("Temporary failure in name resolution\nERROR: No matching distribution found for x")),
    ("checks-no-network", check("ModuleNotFoundError: No module named 'x'\nCould not resolve host: pypi.example")),
    ("checks-no-network", check("getaddrinfo EAI_AGAIN registry.example")),
    ("checks-timeout", check(reason="timeout")),
    ("checks-timeout", check("panic: test timed out after 10m0s")),
    ("checks-memory", check(reason="memory")),
    ("checks-memory", check("MemoryError")),
    ("checks-disk", check(reason="disk")),
    ("checks-disk", check("OSError: [Errno 28] No space left on device")),
    ("checks-output", check(reason="output")),
    ("checks-port", check("OSError: [Errno 98] Address already in use")),
    ("not-approved", error("not_approved")),
    ("answer-refused", error("answer_refused")),
    ("merge-conflict", error("merge_conflict")),
    ("snapshot-secret", replace(CHECK, kept=Kept.REFUSED, snapshot_failure="a.py:3 GitHub Token")),
    ("snapshot-secret", replace(error("secret_found", ""), kept=Kept.REFUSED)),
    ("snapshot-failed", replace(CHECK, kept=Kept.TREE, snapshot_failure="nested deeper than Nix can take")),
    ("disk-full", error("exhausted", "the disk is full")),
    ("disk-full", replace(error("exhausted", ""), kept=Kept.TREE, snapshot_failure="the disk is full")),
    ("limit-reached", error("exhausted", "a file is too large")),
    ("environment-unknown-package", error("invalid_request", "`pkg` does not exist in nixpkgs (x)")),
    ("environment-unfree", error("invalid_request", "nixpkgs (x): Package a has an unfree license")),
    ("environment-network", replace(error("unavailable", "nixpkgs (x) cannot be fetched"), kept=Kept.UNTOUCHED)),
    ("environment-failed", error("command_failed", "nix ended with 1", step="environment/without-packages")),
    ("servant-unavailable", replace(error("unavailable", "the runner does not start"), kept=Kept.UNTOUCHED)),
    ("database-away", error("database_unavailable", "PostgreSQL does not answer")),
    ("sandbox-failed", error("sandbox_failed", "bubblewrap could not start: no namespaces")),
    ("cancelled", error("cancelled", "not needed any more")),
    ("unreadable-step", error("unreadable_step")),
    ("internal", error("internal", "KeyError: 'x'")),
    ("other", error("what_nobody_knows")),
]  # fmt: skip
