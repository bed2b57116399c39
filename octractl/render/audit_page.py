"""An audit of chains of models as text. Pure."""

from collections.abc import Sequence

from octra_proto.v1 import audit_pb2
from octractl.render import figures
from octractl.render.clean_text import clean_line
from octractl.render.event_line import OK
from octractl.render.table import layout_table
from octractl.render.task_page import rehearsal_mark

_HEADER = ("PLACE", "MODEL", "QUESTION", "LATER", "ANSWER", "WINDOW", "USD A TASK", "PRICES")
_LATER = "later "


def audit_page(answer: audit_pb2.AuditModelsResponse, width: int = 0) -> list[str]:
    """Returns the lines of `octractl audit`."""
    models = [model for chain in answer.chains for model in chain.models]
    return [
        *(line for chain in answer.chains for line in _table(chain, width)),
        # A model of several chains has much the same to be said of it.
        *dict.fromkeys(line for model in models for line in _said_of(model)),
        *_limits_of_keys(models),
        *(_order(chain) for chain in answer.chains),
        *_summary(answer),
    ]


def name_all(roles: Sequence[str]) -> str:
    """Roles in words: boss, manager and worker."""
    *others, last = (clean_line(role) for role in roles)
    return f"{', '.join(others)} and {last}" if others else last


def _table(chain: audit_pb2.ChainAudit, width: int) -> list[str]:
    heading = f"{name_all(chain.roles)} ({', '.join(clean_line(key) for key in chain.keys)})"
    return [heading, *layout_table(_HEADER, [_row(model) for model in chain.models], width), ""]


def _row(model: audit_pb2.ModelAudit) -> tuple[str, ...]:
    now = max((one.input_tokens for one in model.questions if not one.question.startswith(_LATER)), default=0)
    later = max((one.input_tokens for one in model.questions if one.question.startswith(_LATER)), default=0)
    about = "~" if model.approximate else ""
    return (
        str(model.rank) if model.rank else "-",
        clean_line(model.name) + rehearsal_mark(model.rehearsal),
        about + figures.count(now),
        about + figures.count(later) if later else "-",
        figures.count(model.output_tokens),
        figures.count(model.context_tokens) if model.context_tokens else "unknown",
        _cost(model),
        clean_line(model.prices_from) or "-",
    )


def _cost(model: audit_pb2.ModelAudit) -> str:
    if not model.HasField("least_usd") or not model.HasField("most_usd"):
        return "unpriced"
    return f"{model.least_usd:.2f} to {model.most_usd:.2f}"


def _said_of(model: audit_pb2.ModelAudit) -> list[str]:
    name = clean_line(model.name)
    why_not = [f"{name} is skipped ({clean_line(model.failure_class)}): {clean_line(one)}" for one in model.hindrances]
    return [*why_not, *(f"{name}: {clean_line(one)}" for one in model.remarks)]


def _limits_of_keys(models: Sequence[audit_pb2.ModelAudit]) -> list[str]:
    """One line a provider that answered; what went wrong stands beside the model."""
    probes = {model.provider: model.probe for model in models if model.HasField("probe")}
    lines = []
    for provider, probe in probes.items():
        limits = ", ".join(_limit(limit) for limit in probe.limits)
        when = "within the last hour" if probe.earlier else "now"
        if probe.outcome == OK or limits:
            lines.append(f"key of {clean_line(provider)}, asked {when}: {limits or 'its limits are not told'}")
    return lines


def _limit(limit: audit_pb2.KeyLimit) -> str:
    name = clean_line(limit.name, 40)
    most = f"{name} {limit.limit:,}" if limit.HasField("limit") else name
    details = [
        *([f"{limit.remaining:,} left"] if limit.HasField("remaining") else []),
        *([f"all again in {figures.duration(limit.resets_in_s * 1000)}"] if limit.HasField("resets_in_s") else []),
    ]
    return f"{most} ({', '.join(details)})" if details else most


def _order(chain: audit_pb2.ChainAudit) -> str:
    order = " → ".join(clean_line(name) for name in chain.order)
    asked = f"asked in this order, the next where one fails: {order}" if order else "no model can do this"
    return f"{name_all(chain.roles)}: {asked}"


def _summary(answer: audit_pb2.AuditModelsResponse) -> list[str]:
    fewest, most = answer.fewest_calls, answer.most_calls
    calls = f"{fewest} call{'' if fewest == 1 else 's'} at best and some {most} with every round of review and repair"
    made = answer.probes_made
    probes = [f"{made} tiny call{'s' if made > 1 else ''} asked for the limits of keys; no task pays"] if made else []
    return [f"a task makes {calls}{_total(answer)}", *probes]


def _total(answer: audit_pb2.AuditModelsResponse) -> str:
    if answer.stuck_roles:
        return ""
    if not answer.HasField("least_usd") or not answer.HasField("most_usd"):
        return "; what they cost is not known: a model that comes first has no price"
    return f"; with the first model of each chain they cost {answer.least_usd:.2f} to {answer.most_usd:.2f} USD"
