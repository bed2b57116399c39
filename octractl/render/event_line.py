"""One event as lines of text, for logs and for progress that is not drawn. Pure."""

from datetime import UTC, tzinfo

from octra_proto.v1 import events_pb2
from octractl.render import figures
from octractl.render.clean_text import clean_block, clean_line
from octractl.states import state_word

WHO_WIDTH = 16
CONTINUED = " " * 10 + " " * WHO_WIDTH + "  | "


def event_lines(event: events_pb2.Event, zone: tzinfo = UTC) -> list[str]:
    """Returns `12:03:04  worker builder    ran …` and, for output and reasons, indented lines below it.

    Args:
        event: what happened.
        zone: the time zone of the clock.
    """
    head, more = _describe(event)
    clock = event.at.ToDatetime(UTC).astimezone(zone).strftime("%H:%M:%S")
    lines = [f"{clock}  {_who(event):<{WHO_WIDTH}}  {head}"] if head else []
    return lines + [CONTINUED + line for line in more]


def _who(event: events_pb2.Event) -> str:
    return clean_line(f"{event.role} {event.agent}".strip() or "daemon")


def _describe(event: events_pb2.Event) -> tuple[str, list[str]]:  # noqa: C901, PLR0911, PLR0912 - a table of kinds
    match event.WhichOneof("detail"):
        case "state_changed":
            return _state_changed(event.state_changed), []
        case "step_started":
            return f"began {clean_line(event.step_started.title or event.step)}", []
        case "step_finished":
            return _step_finished(event), []
        case "planned":
            return _planned(event.planned)
        case "model_answered":
            return _model_answered(event.model_answered), []
        case "command_started":
            network = " (with network)" if event.command_started.network else ""
            return f"runs `{clean_line(event.command_started.command)}`{network}", []
        case "command_output":
            return "", _output(event.command_output)
        case "command_finished":
            return command_result(event.command_finished), []
        case "files_changed":
            return _files_changed(event.files_changed), []
        case "edits_refused":
            return "edits refused, sent back:", [clean_line(reason) for reason in event.edits_refused.reasons]
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


def _step_finished(event: events_pb2.Event) -> str:
    finished = event.step_finished
    commit = f", commit {clean_line(finished.commit)[:10]}" if finished.commit else ""
    return f"ended {clean_line(event.step)} after {figures.duration(finished.duration_ms)}{commit}"


def _planned(plan: events_pb2.Planned) -> tuple[str, list[str]]:
    teams = [f"{clean_line(m.name)}: {', '.join(map(clean_line, m.workers))}" for m in plan.managers]
    checks = [f"check `{clean_line(check)}`" for check in plan.checks]
    return f"plan: {clean_line(plan.title)} (stack {clean_line(plan.stack) or 'none'})", teams + checks


def _model_answered(answer: events_pb2.ModelAnswered) -> str:
    model, took = clean_line(answer.model), figures.duration(answer.duration_ms)
    if answer.outcome != "ok":
        error = f": {clean_line(answer.error, 300)}" if answer.error else ""
        return f"{model} failed after {took}, {clean_line(answer.outcome)}{error}"
    price = figures.cost(answer.cost_usd) if answer.HasField("cost_usd") else "unpriced"
    return f"{model} answered in {took}, {figures.tokens(answer.input_tokens, answer.output_tokens)}, {price}"


def command_result(finished: events_pb2.CommandFinished) -> str:
    """Returns how a command ended, in one line."""
    command = f"`{clean_line(finished.command)}`"
    if finished.already_proved:
        return f"{command} was proved before on this very tree"
    limit = f", stopped at the limit of {clean_line(finished.limit)}" if finished.limit else ""
    verdict = "passed" if finished.exit_code == 0 and not limit else f"exited {finished.exit_code}"
    return f"{command} {verdict} after {figures.duration(finished.duration_ms)}{limit}"


def _output(output: events_pb2.CommandOutput) -> list[str]:
    skipped = [f"… {figures.size(output.skipped_bytes)} left out …"] if output.skipped_bytes else []
    return skipped + clean_block(output.text).removesuffix("\n").split("\n")


def _files_changed(changed: events_pb2.FilesChanged) -> str:
    named = ", ".join(clean_line(path) for path in changed.paths[:6])
    more = f" and {len(changed.paths) - 6} more" if len(changed.paths) > 6 else ""
    return f"wrote {named}{more}"


def _snapshotted(snapshot: events_pb2.Snapshotted) -> str:
    partial = "partial snapshot" if snapshot.partial else "snapshot"
    return f"{partial} {snapshot.snapshot_id}, {figures.size(snapshot.size_bytes)}, {clean_line(snapshot.store_path)}"


def _advised(advice: events_pb2.Advised) -> list[str]:
    following = [f"next: {clean_line(advice.next_command)}"] if advice.next_command else []
    return clean_block(advice.note).strip().split("\n") + following
