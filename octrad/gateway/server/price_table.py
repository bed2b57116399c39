"""Where prices come from and of when they are: an estimate is worth no more than the table that it was made with."""

import os
from collections.abc import Collection
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from octrad.gateway.calls import Model
from octrad.gateway.server.prices import price_file

# Nix sets the time of every file in its store to the second after the epoch: that is no date.
_FIRST_YEAR = 1980
CONFIGURED = "configured"


def describe_prices(model: Model, configured: Collection[str]) -> str:
    """Returns `configured`, or LiteLLM's version with the date of its file; empty for a model without a price."""
    if model.name in configured:
        return CONFIGURED
    if model.input_usd_per_million is None and model.output_usd_per_million is None:
        return ""
    return _describe_file()


def _describe_file() -> str:
    try:
        name = f"LiteLLM {version('litellm')}"
    except PackageNotFoundError:
        name = "LiteLLM"
    path = price_file()
    try:
        at = datetime.fromtimestamp(os.stat(path).st_mtime, UTC) if path else None  # noqa: PTH116 - None is no path
    except OSError:
        at = None
    return f"{name}, file of {at:%Y-%m-%d}" if at and at.year >= _FIRST_YEAR else name
