"""A task, its steps, its calls, its packages and its evidence as a page of text. Pure."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, tzinfo

from google.protobuf.timestamp_pb2 import Timestamp

from octra_proto.v1 import tasks_pb2
from octractl.render import figures
from octractl.render.clean_text import clean_block, clean_line
from octractl.render.event_line import OK, OUTCOMES
from octractl.render.table import layout_table
from octractl.states import priority_word, state_word

REQUEST_LINES = 12


def rehearsal_mark(rehearsal: bool) -> str:  # noqa: FBT001 - a field of the API
    """Returns the label that every result of a rehearsal carries wherever it is shown."""
    return " [rehearsal]" if rehearsal else ""


def task_page(answer: tasks_pb2.GetTaskResponse, zone: tzinfo = UTC, width: int = 0) -> list[str]:
    """Returns the lines of the page.

    Args:
        answer: what GetTask said.
        zone: the time zone of the times.
        width: columns of the terminal; 0 cuts nothing.
    """
    return [
        *_facts(answer, zone),
        *_section("request", _request(answer.task)),
        *_section("note", note_lines(answer.task)),
        *_section("skills", _skills(answer)),
        *_section("steps", _steps(answer, width)),
        *_section("model calls that failed", _failed_calls(answer.model_calls, width)),
        *_section("packages", [_package(asked) for asked in answer.packages]),
        *_section("evidence", _evidence(answer, width)),
        *_section("result", _result(answer, zone) + next_lines(answer.task)),
    ]


def _result(answer: tasks_pb2.GetTaskResponse, zone: tzinfo) -> list[str]:
    if not answer.HasField("snapshot_pruned_at"):
        return result_lines(answer.task)
    return [f"snapshot: {answer.task.snapshot_id}, pruned on {clock_time(answer.snapshot_pruned_at, zone)[:10]}"]


def result_lines(task: tasks_pb2.Task) -> list[str]:
    """Returns where a task's result is and how to get it; nothing when there is none."""
    if not task.snapshot_id:
        return []
    partial = "" if state_word(task.state) == "done" else " (partial)"
    return [
        f"snapshot: {task.snapshot_id}{partial}{rehearsal_mark(task.rehearsal)} {clean_line(task.store_path)}",
        f"restore:  octractl restore {task.id}",
    ]


def note_lines(task: tasks_pb2.Task) -> list[str]:
    """Returns the advisor's note; nothing when there is none."""
    return clean_block(task.note).strip().split("\n") if task.note.strip() else []


def next_lines(task: tasks_pb2.Task) -> list[str]:
    """Returns the command that the advisor recommends; nothing when there is none."""
    return [f"next:     {clean_line(task.next_command)}"] if task.next_command else []


def clock_time(at: Timestamp, zone: tzinfo) -> str:
    """Returns `2026-11-21 10:30:05`."""
    return at.ToDatetime(UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _facts(answer: tasks_pb2.GetTaskResponse, zone: tzinfo) -> list[str]:
    task = answer.task
    facts = [
        ("task", f"{task.id}{rehearsal_mark(task.rehearsal)}"),
        ("title", clean_line(task.title)),
        ("state", state_word(task.state)),
        ("user", user_word(task)),
        ("project", clean_line(task.project) if task.project != task.id else ""),
        ("stack", clean_line(task.stack)),
        ("models", _models(answer.model_calls) or clean_line(task.model)),
        ("priority", priority_word(task.priority)),
        ("grade", f"{task.grade} of 5" if task.grade else ""),
        ("skills", ", ".join(map(clean_line, task.skill_areas))),
        ("checks", "; ".join(clean_line(check) for check in task.checks)),
        ("created", clock_time(task.created_at, zone)),
        ("took", _took(task)),
        ("spent", _spent(task)),
        ("budget", figures.cost(task.budget_usd) if task.HasField("budget_usd") else ""),
        ("content", _content(answer)),
    ]
    return [f"{name + ':':<10}{value}" for name, value in facts if value]


def user_word(task: tasks_pb2.Task) -> str:
    """Returns the name of the user who submitted a task; the number where there is no name."""
    return clean_line(task.user) or f"uid {task.uid}"


def _skills(answer: tasks_pb2.GetTaskResponse) -> list[str]:
    return [
        f"{clean_line(one.worker)}: {', '.join(map(clean_line, one.slugs)) or 'none'} (by {clean_line(one.by)})"
        for one in answer.skills_picked
    ]


def _spent(task: tasks_pb2.Task) -> str:
    tokens = figures.tokens(task.input_tokens, task.output_tokens)
    return f"{tokens}, {figures.cost(task.cost_usd, task.unpriced_calls)}"


def _took(task: tasks_pb2.Task) -> str:
    if not task.HasField("started_at") or not task.HasField("finished_at"):
        return ""
    return figures.duration(task.finished_at.ToMilliseconds() - task.started_at.ToMilliseconds())


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title.upper(), *(f"  {line}".rstrip() for line in lines)] if lines else []


def _request(task: tasks_pb2.Task) -> list[str]:
    lines = clean_block(task.request).strip().split("\n")
    more = [f"… {len(lines) - REQUEST_LINES} more lines (--json has them)"] if len(lines) > REQUEST_LINES else []
    return lines[:REQUEST_LINES] + more


def _steps(answer: tasks_pb2.GetTaskResponse, width: int) -> list[str]:
    rows = [
        (clean_line(s.name), _step_state(s, answer.task), figures.duration(s.duration_ms), *_spent_on(s.name, answer),
         clean_line(s.commit)[:10], "yes" if s.has_log else "")
        for s in answer.steps
    ]  # fmt: skip
    header = ("STEP", "STATE", "TIME", "TOKENS IN", "OUT", "COST", "COMMIT", "LOG")
    return layout_table(header, rows, width) if rows else []


def _step_state(step: tasks_pb2.Step, task: tasks_pb2.Task) -> str:
    # What a pause or an interruption left is made when the task goes on.
    is_made = step.state != "running" or state_word(task.state) in {"running", "review"}
    return clean_line(step.state) if is_made else "waits"


def _spent_on(step: str, answer: tasks_pb2.GetTaskResponse) -> tuple[str, str, str]:
    calls = [call for call in answer.model_calls if call.step == step]
    if not calls:
        return "", "", ""
    cost = sum(call.cost_usd for call in calls)
    # Of a call that failed nothing has to be paid, as far as anybody knows: the task's own sum leaves it out too.
    unpriced = sum(call.outcome == OK and not call.HasField("cost_usd") for call in calls)
    tokens = (sum(call.input_tokens for call in calls), sum(call.output_tokens for call in calls))
    return figures.count(tokens[0]), figures.count(tokens[1]), figures.cost(cost, unpriced)


def _models(calls: Sequence[tasks_pb2.ModelCall]) -> str:
    asked = Counter(clean_line(call.model) for call in calls)
    return ", ".join(f"{model} ({count} call{'' if count == 1 else 's'})" for model, count in asked.items())


def _content(answer: tasks_pb2.GetTaskResponse) -> str:
    """Returns the hash of what the newest call was made of, and how many others there were before."""
    others = answer.content_hashes - 1
    more = f" (and {others} other{'' if others == 1 else 's'} before)" if others > 0 else ""
    return f"{short_hash(answer.content_hash)}{more}" if answer.content_hash else ""


def short_hash(content_hash: str) -> str:
    """Returns as much of a content hash as people compare; --json has all of it."""
    return clean_line(content_hash)[:12]


def _failed_calls(calls: Sequence[tasks_pb2.ModelCall], width: int) -> list[str]:
    rows = [
        (clean_line(c.step), clean_line(c.model), OUTCOMES.get(c.outcome) or clean_line(c.outcome),
         figures.duration(c.duration_ms))
        for c in calls if c.outcome != OK
    ]  # fmt: skip
    return layout_table(("STEP", "MODEL", "OUTCOME", "TIME"), rows, width) if rows else []


def _package(asked: tasks_pb2.AskedPackage) -> str:
    became = f"refused: {clean_line(asked.reason)}" if asked.reason else "added"
    return f"{clean_line(asked.package)}  {became}"


def _evidence(answer: tasks_pb2.GetTaskResponse, width: int) -> list[str]:
    rows = [(e.tree_hash[:10], e.environment_hash[:10], clean_line(e.command)) for e in answer.evidence]
    return layout_table(("TREE", "ENVIRONMENT", "COMMAND THAT PASSED"), rows, width) if rows else []


def ending_lines(task: tasks_pb2.Task) -> list[str]:
    """Returns how a task that was followed ended, and what to do with it."""
    took = f" in {_took(task)}, {_spent(task)}" if _took(task) else ""
    ending = f"task {task.id} {state_word(task.state)}{rehearsal_mark(task.rehearsal)}{took}"
    return [ending, *note_lines(task), *result_lines(task), *next_lines(task)]
