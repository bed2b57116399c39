"""What a changed configuration means for a process that runs: which of its keys cannot change until a restart. Pure.

Such a key is named by its section (`database`) or in full (`limits.tasks_at_once`).
"""

from collections.abc import Sequence

from octrad.foundation.config import Config


def keep_fixed(now: Config, read: Config, fixed: Sequence[str]) -> Config:
    """The configuration that was read, with the fixed keys as they are now."""
    for name in fixed:
        section, _, key = name.partition(".")
        kept = getattr(now, section)
        if key:
            kept = getattr(read, section).model_copy(update={key: getattr(kept, key)})
        read = read.model_copy(update={section: kept})
    return read


def changed_fixed_keys(now: Config, read: Config, fixed: Sequence[str]) -> tuple[str, ...]:
    """The fixed keys, in full, whose value in the configuration that was read is not the one in effect."""
    return tuple(key for name in fixed for key in _leaves(now, name) if _value(now, key) != _value(read, key))


def _leaves(config: Config, name: str) -> list[str]:
    if "." in name:
        return [name]
    return [f"{name}.{key}" for key in type(getattr(config, name)).model_fields]


def _value(config: Config, key: str) -> object:
    section, _, name = key.partition(".")
    return getattr(getattr(config, section), name)
