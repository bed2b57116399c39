"""One event in words: a headline and the lines below it. Pure; what an event means besides others is for others."""

from octra_proto.v1 import events_pb2
from octractl.render import figures
from octractl.render.clean_text import clean_block, clean_line
from octractl.states import state_word

OK = "ok"
# How a call of a model that failed ended, for people; the API has the keys.
OUTCOMES = {
    "rate": "is at its rate limit",
    "context": "finds the question too long",
    "auth": "refuses the key",
    "billing": "wants to be paid",
    "bad_model": "is not known to its provider",
    "hallucination": "gave no valid answer",
    "transient": "could not answer",
}


def who_did(event: events_pb2.Event) -> str:
    """Returns `boss`, `worker builder`; `octrad` for what no agent did."""
    if event.role in {"", "daemon"}:
        return "octrad"
    return clean_line(f"{event.role} {event.agent}".strip())


def describe_event(event: events_pb2.Event) -> tuple[str, list[str]]:  # noqa: C901, PLR0911, PLR0912 - a table of kinds
    """Returns what happened in one line, and lines that belong below it."""
    match event.WhichOneof("detail"):
        case "state_changed":
            return _state_changed(event.state_changed), []
        case "step_started":
            return step_title(event), []
        case "step_finished":
            return f"done in {figures.duration(event.step_finished.duration_ms)}", []
        case "planned":
            return _planned(event.planned)
        case "skills_picked":
            return _skills_picked(event.skills_picked), []
        case "model_answered":
            return _model_answered(event.model_answered), []
        case "model_writing":
            return writing_so_far(event.model_writing), []
        case "command_started":
            network = " (with network)" if event.command_started.network else ""
            return f"runs `{clean_line(event.command_started.command)}`{network}", []
        case "command_output":
            return "", clean_block(event.command_output.text).removesuffix("\n").split("\n")
        case "command_finished":
            return command_result(event.command_finished), []
        case "files_changed":
            return _files_changed(event.files_changed), []
        case "edits_refused":
            return "edits refused, sent back:", [clean_line(reason) for reason in event.edits_refused.reasons]
        case "packages_added":
            return f"added to the environment: {', '.join(map(clean_line, event.packages_added.packages))}", []
        case "packages_refused":
            return "packages refused:", [refused_package(one) for one in event.packages_refused.refused]
        case "reviewed":
            verdict = "approved" if event.reviewed.approved else "sent back:"
            return verdict, [clean_line(reason) for reason in event.reviewed.reasons]
        case "snapshotted":
            return _snapshotted(event.snapshotted), []
        case "advised":
            return "note:", _advised(event.advised)
        case "remarked":
            return ("warning: " if event.remarked.warning else "") + clean_line(event.remarked.text), []
        case None:
            return "something that this octractl does not know yet", []


def _state_changed(change: events_pb2.StateChanged) -> str:
    reason = f" ({clean_line(change.reason)})" if change.reason else ""
    return f"task {state_word(change.to)}{reason}"


def step_title(event: events_pb2.Event) -> str:
    """Returns what a step that begins is called."""
    return clean_line(event.step_started.title or event.step)


def _planned(plan: events_pb2.Planned) -> tuple[str, list[str]]:
    teams = [f"{clean_line(m.name)}: {', '.join(map(clean_line, m.workers))}" for m in plan.managers]
    checks = [f"check `{clean_line(check)}`" for check in plan.checks]
    return f"plan: {clean_line(plan.title)} (stack {clean_line(plan.stack) or 'none'})", teams + checks


def _skills_picked(picked: events_pb2.SkillsPicked) -> str:
    slugs = ", ".join(map(clean_line, picked.slugs)) or "none that fits"
    whose = " (its manager's choice)" if picked.by == "manager" else ""
    return f"skills for {clean_line(picked.worker)}: {slugs}{whose}"


def _model_answered(answer: events_pb2.ModelAnswered) -> str:
    model, took = clean_line(answer.model), figures.duration(answer.duration_ms)
    if answer.outcome != OK:
        error = f": {clean_line(answer.error, 300)}" if answer.error else ""
        outcome = OUTCOMES.get(answer.outcome) or f"failed ({clean_line(answer.outcome)})"
        return f"{model} {outcome} (after {took}){error}"
    price = figures.cost(answer.cost_usd) if answer.HasField("cost_usd") else "unpriced"
    return f"{model} answered in {took}, {figures.tokens(answer.input_tokens, answer.output_tokens)}, {price}"


def writing_so_far(writing: events_pb2.ModelWriting) -> str:
    """Returns how much of a long answer has come."""
    return f"{clean_line(writing.model)} writes: {figures.count(writing.characters)} characters so far"


def command_result(finished: events_pb2.CommandFinished) -> str:
    """Returns how a command ended, in one line."""
    command = f"`{clean_line(finished.command)}`"
    if finished.already_proved:
        return f"{command} was proved before on this very tree"
    limit = f", stopped at the limit of {clean_line(finished.limit)}" if finished.limit else ""
    verdict = "passed" if finished.exit_code == 0 and not limit else f"exited {finished.exit_code}"
    return f"{command} {verdict} after {figures.duration(finished.duration_ms)}{limit}"


def _files_changed(changed: events_pb2.FilesChanged) -> str:
    named = ", ".join(clean_line(path) for path in changed.paths[:6])
    more = f" and {len(changed.paths) - 6} more" if len(changed.paths) > 6 else ""
    return f"wrote {named}{more}"


def refused_package(refused: events_pb2.RefusedPackage) -> str:
    """Returns which package is refused and why, in one line."""
    return f"{clean_line(refused.package)}: {clean_line(refused.reason)}"


def _snapshotted(snapshot: events_pb2.Snapshotted) -> str:
    partial = "partial snapshot" if snapshot.partial else "snapshot"
    return f"{partial} {snapshot.snapshot_id}, {figures.size(snapshot.size_bytes)}, {clean_line(snapshot.store_path)}"


def _advised(advice: events_pb2.Advised) -> list[str]:
    following = [f"next: {clean_line(advice.next_command)}"] if advice.next_command else []
    return clean_block(advice.note).strip().split("\n") + following
