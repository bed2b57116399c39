"""What a task looks like now, folded from its events: who does what. Pure; drawing is for others."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from octra_proto.v1 import events_pb2, states_pb2
from octractl.render.clean_text import clean_block, clean_line
from octractl.render.event_line import command_result, refused_package, step_title, writing_so_far

BOSS = "boss"
# The daemon's own doing: trees, environments, checks, snapshots.
DAEMON = "octrad"
LAST_COMMANDS = 3
# Where the same name may be a manager's and a worker's.
AgentKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class AgentView:
    """One of the Boss, the managers, the workers and the daemon."""

    role: str
    name: str
    # waiting, working, done or failed.
    status: str = "waiting"
    # What it does, or did last.
    doing: str = ""
    since_ms: int = 0
    # Commands that ended, the last ones.
    commands: tuple[str, ...] = ()
    running: str = ""
    running_since_ms: int = 0
    last_output: str = ""
    # A line of output whose end is still to come.
    begun_output: str = ""
    # How much of a long answer has come; empty when none is coming.
    writing: str = ""
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task at one moment."""

    task_id: str
    title: str = ""
    stack: str = ""
    state: int = states_pb2.TASK_STATE_QUEUED
    rehearsal: bool = False
    started_ms: int = 0
    ended_ms: int = 0
    agents: Mapping[AgentKey, AgentView] = field(default_factory=dict)
    # A worker's manager, as planned.
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unpriced_calls: int = 0
    warning: str = ""


def apply_event(view: TaskView, event: events_pb2.Event) -> TaskView:  # noqa: PLR0911 - a table of kinds
    """Returns the view after an event. Times are Unix milliseconds."""
    match event.WhichOneof("detail"):
        case "state_changed":
            return _change_state(view, event)
        case "planned":
            return _plan(view, event.planned)
        case "model_answered":
            return _count_call(view, event)
        case "advised":
            return view  # it is a result, and shown as one
        case "remarked":
            return replace(view, warning=clean_line(event.remarked.text)) if event.remarked.warning else view
        case "packages_refused":
            refused = "; ".join(map(refused_package, event.packages_refused.refused))
            return replace(view, warning=f"packages refused: {refused}")
        case _:
            return _put(view, _act(_agent(view, event), event))


def _at_ms(event: events_pb2.Event) -> int:
    return event.at.seconds * 1000 + event.at.nanos // 1_000_000


def _change_state(view: TaskView, event: events_pb2.Event) -> TaskView:
    state = event.state_changed.to
    match state:
        case states_pb2.TASK_STATE_RUNNING if not view.started_ms:
            return replace(view, state=state, started_ms=_at_ms(event))
        case states_pb2.TASK_STATE_DONE | states_pb2.TASK_STATE_FAILED | states_pb2.TASK_STATE_CANCELLED:
            settled = {key: _settle(agent, state) for key, agent in view.agents.items()}
            return replace(view, state=state, ended_ms=_at_ms(event), agents=settled)
        case _:
            return replace(view, state=state, ended_ms=0)


def _settle(agent: AgentView, state: int) -> AgentView:
    done = state == states_pb2.TASK_STATE_DONE
    status = agent.status if agent.status == "failed" else "done" if done else "ended"
    doing = "" if agent.role == DAEMON else agent.doing  # tidying up says nothing of the task
    return replace(agent, status=status, doing=doing, running="", last_output="", begun_output="", writing="")


def _plan(view: TaskView, plan: events_pb2.Planned) -> TaskView:
    teams = {clean_line(manager.name): tuple(map(clean_line, manager.workers)) for manager in plan.managers}
    agents = dict(view.agents)
    for manager, workers in teams.items():
        agents.setdefault(("manager", manager), AgentView("manager", manager))
        for worker in workers:
            agents.setdefault(("worker", worker), AgentView("worker", worker))
    return replace(view, title=clean_line(plan.title), stack=clean_line(plan.stack), teams=teams, agents=agents)


def _count_call(view: TaskView, event: events_pb2.Event) -> TaskView:
    answer, agent = event.model_answered, _agent(view, event)
    view = _put(
        view,
        replace(
            agent,
            status="working",
            writing="",
            input_tokens=agent.input_tokens + answer.input_tokens,
            output_tokens=agent.output_tokens + answer.output_tokens,
        ),
    )
    return replace(
        view,
        rehearsal=view.rehearsal or answer.model.startswith("rehearsal/"),
        input_tokens=view.input_tokens + answer.input_tokens,
        output_tokens=view.output_tokens + answer.output_tokens,
        cost_usd=view.cost_usd + answer.cost_usd,
        unpriced_calls=view.unpriced_calls + (not answer.HasField("cost_usd")),
    )


def _agent(view: TaskView, event: events_pb2.Event) -> AgentView:
    role, name = (event.role, clean_line(event.agent)) if event.agent else (BOSS if event.role == BOSS else DAEMON, "")
    return view.agents.get((role, name)) or AgentView(role, name)


def _put(view: TaskView, agent: AgentView) -> TaskView:
    return replace(view, agents={**view.agents, (agent.role, agent.name): agent})


def _act(agent: AgentView, event: events_pb2.Event) -> AgentView:  # noqa: PLR0911 - a table of kinds
    match event.WhichOneof("detail"):
        case "step_started":
            return replace(agent, status="working", doing=step_title(event), since_ms=_at_ms(event), writing="")
        case "model_writing":
            return replace(agent, status="working", writing=writing_so_far(event.model_writing))
        case "step_finished":
            return replace(agent, status="done", running="", last_output="")
        case "command_started":
            command = clean_line(event.command_started.command)
            agent = replace(agent, status="working", running=command, running_since_ms=_at_ms(event))
            return replace(agent, last_output="", begun_output="")
        case "command_output":
            text = agent.begun_output + event.command_output.text
            begun = text[text.rfind("\n") + 1 :]
            return replace(agent, last_output=_last_line(text) or agent.last_output, begun_output=begun)
        case "command_finished":
            return _finish_command(agent, event.command_finished)
        case "edits_refused":
            return replace(agent, status="working", doing="edits refused, trying again")
        case "reviewed":
            return replace(agent, status="working", doing="approved" if event.reviewed.approved else "sent back")
        case _:
            return agent


def _finish_command(agent: AgentView, finished: events_pb2.CommandFinished) -> AgentView:
    passed = finished.already_proved or (finished.exit_code == 0 and not finished.limit)
    line = f"{'✓' if passed else '✗'} {command_result(finished)}"
    return replace(
        agent, commands=(*agent.commands, line)[-LAST_COMMANDS:], running="", last_output="", begun_output=""
    )


def _last_line(text: str) -> str:
    lines = [line for line in clean_block(text).split("\n") if line.strip()]
    return clean_line(lines[-1]) if lines else ""
