"""The text of .gitignore with a stack's build output in it. Pure."""

from collections.abc import Sequence


def with_ignored(text: str, patterns: Sequence[str]) -> str:
    """Adds the patterns that are not there, at the end; what is there stays as it is."""
    present = {line.strip() for line in text.splitlines()}
    missing = [pattern for pattern in dict.fromkeys(patterns) if pattern.strip() and pattern.strip() not in present]
    if not missing:
        return text
    begun = text if not text or text.endswith("\n") else f"{text}\n"
    return begun + "".join(f"{' '.join(pattern.split())}\n" for pattern in missing)
