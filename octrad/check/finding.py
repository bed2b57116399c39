"""What a check found: a name, whether it is well, what was seen, and how to make it well."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `hint` is empty when it is well."""

    name: str
    ok: bool
    detail: str
    hint: str = ""
