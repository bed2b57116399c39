"""Why a model is not asked at the moment, in words. Pure."""

from octrad.gateway.calls import Mark, Outcome
from octrad.gateway.server.providers import Target

_COOLING = {Outcome.RATE: "rate limit", Outcome.TRANSIENT: "it failed several times in a row"}
_DOWN = {Outcome.AUTH: "the key was refused", Outcome.BILLING: "the account has no credit left"}


def describe_mark(mark: Mark, target: Target, now: float) -> str:
    """Returns `cooling down for 42 s: rate limit`, or `down: …` with what to change."""
    if mark.cools_down:
        return f"cooling down for {seconds_until(mark.until, now)} s: {_COOLING[mark.outcome]}"
    section = f"providers.{target.provider}"
    if mark.outcome is Outcome.BAD_MODEL:
        return f"down: {target.provider} does not know the model; change its name, or {section}"
    what = f"{section}.key_file" if target.key_file is not None else section
    return f"down: {_DOWN[mark.outcome]}; change {what}"


def seconds_until(until: float, now: float) -> int:
    """Whole seconds, at least 1."""
    return max(1, round(until - now))
