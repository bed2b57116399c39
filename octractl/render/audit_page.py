"""An audit of a chain of models as text. Pure."""

from collections.abc import Sequence

from octra_proto.v1 import audit_pb2
from octractl.render import figures
from octractl.render.clean_text import clean_line
from octractl.render.table import layout_table
from octractl.render.task_page import rehearsal_mark

_HEADER = ("PLACE", "MODEL", "QUESTION", "LATER", "ANSWER", "WINDOW", "USD A TASK", "PRICES")
_LATER = "later work"


def audit_page(answer: audit_pb2.AuditModelsResponse, width: int = 0) -> list[str]:
    """Returns the lines of `octractl audit`."""
    return [
        *layout_table(_HEADER, [_row(model) for model in answer.models], width),
        "",
        *(line for model in answer.models for line in _said_of(model)),
        *_limits_of_keys(answer.models),
        *_summary(answer),
    ]


def _row(model: audit_pb2.ModelAudit) -> tuple[str, ...]:
    now = max((one.input_tokens for one in model.questions if one.question != _LATER), default=0)
    later = max((one.input_tokens for one in model.questions if one.question == _LATER), default=0)
    about = "~" if model.approximate else ""
    return (
        str(model.rank) if model.rank else "-",
        clean_line(model.name) + rehearsal_mark(model.rehearsal),
        about + figures.count(now),
        about + figures.count(later),
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
        if probe.outcome == "ok" or limits:
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


def _summary(answer: audit_pb2.AuditModelsResponse) -> list[str]:
    chain = " → ".join(clean_line(name) for name in answer.chain)
    asked = [f"asked in this order, the next where one fails: {chain}"] if chain else []
    calls = f"{answer.fewest_calls} calls at best and some {answer.most_calls} with every round of review and repair"
    made = answer.probes_made
    probes = [f"{made} tiny call{'s' if made > 1 else ''} asked for the limits of keys; no task pays"] if made else []
    return [*asked, f"a task makes {calls}; its cost is that with one model alone", *probes]
