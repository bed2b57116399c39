"""The daemon and its models as text. Pure."""

from collections.abc import Sequence

from octra_proto.v1 import system_pb2
from octractl.render import figures
from octractl.render.clean_text import clean_line
from octractl.render.table import layout_table
from octractl.render.task_page import rehearsal_mark, short_hash


def status_page(status: system_pb2.GetStatusResponse) -> list[str]:
    """Returns the lines of `octractl status`."""
    rows = [(clean_line(c.name), "ok" if c.healthy else "NOT OK", clean_line(c.detail)) for c in status.components]
    version = f"octrad {clean_line(status.version)}{rehearsal_mark(status.rehearsal)}"
    return [
        f"{version}, state in {clean_line(status.state_dir)}",
        *([f"content {short_hash(status.content_hash)}"] if status.content_hash else []),
        f"{status.running_tasks} running, {status.queued_tasks} queued",
        *(layout_table(("PART", "HEALTH", "DETAIL"), rows) if rows else []),
    ]


def model_table(models: Sequence[system_pb2.Model], width: int = 0) -> list[str]:
    """Returns the chains of models, in the order in which they are asked."""
    rows = [
        (clean_line(m.name) + rehearsal_mark(m.rehearsal), ", ".join(map(clean_line, m.chains)),
         "yes" if m.available else "no", figures.count(m.context_tokens) if m.context_tokens else "-", _price(m),
         _detail(m) or "-")
        for m in models
    ]  # fmt: skip
    return layout_table(("MODEL", "ASKED BY", "AVAILABLE", "CONTEXT", "USD PER MILLION IN/OUT", "DETAIL"), rows, width)


def _detail(model: system_pb2.Model) -> str:
    """Where a local model was found, and what is wrong with any."""
    place = f"local: {clean_line(model.found_at)}" if model.found_at else ""
    return "; ".join(part for part in (place, clean_line(model.detail)) if part)


def _price(model: system_pb2.Model) -> str:
    if not model.HasField("input_usd_per_million") or not model.HasField("output_usd_per_million"):
        return "unpriced"
    return f"{model.input_usd_per_million:g} / {model.output_usd_per_million:g}"
