"""What a look at the machine or the configuration found. Octrad's check and the runner's say it in the same form."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `hint` says how to make it well; it is empty when it is."""

    name: str
    ok: bool
    detail: str
    hint: str = ""
