"""Puts what an agent has heard into words for its prompt, within a budget: rules first, then what fits its topic. Pure.

An entry is one paragraph whose further lines are indented, so that no entry can look like another one that somebody
else said.
"""

import re
from collections.abc import Sequence
from typing import Final

from octrad.tasks.context.entry import ContextEntry
from octrad.tasks.task import Role

CONTEXT_TOKENS: Final = 1500
# What code has at its densest; plain English has more.
CHARACTERS_A_TOKEN: Final = 3
NOTHING_KNOWN: Final = "nothing"
_WORD = re.compile(r"[^\W_]{3,}")
_SAYS_NOTHING = frozenset(
    {"the", "and", "for", "with", "that", "this", "are", "has", "have", "not", "all", "its", "from"}
)


def for_prompt(entries: Sequence[ContextEntry], topic: str, budget_tokens: int = CONTEXT_TOKENS) -> str:
    """The entries as a prompt carries them; the same text for the same entries in whatever order.

    Rules of the project come first, those of people before those of agents, the oldest first, so that the beginning
    stays as it is while more is said. Messages follow: those that share most words with the topic, then the important
    ones, then the newest. What has no room is left out whole; of rules it is said.

    Args:
        entries: what the reader has heard.
        topic: what the question is about.
        budget_tokens: how much room there is.
    """
    rules = sorted((entry for entry in entries if entry.standing), key=lambda entry: (-entry.standing, entry.id))
    wanted = _words(topic)
    messages = sorted((entry for entry in entries if not entry.standing), key=lambda entry: _rank(entry, wanted))
    left = budget_tokens * CHARACTERS_A_TOKEN
    lines, rules_left_out = [], 0
    for entry in (*rules, *messages):
        line = _word_entry(entry)
        if len(line) < left:
            lines.append(line)
            left -= len(line) + 1
        elif entry.standing:
            rules_left_out += 1
    if rules_left_out:
        lines.append(f"({rules_left_out} more rules have no room here)")
    return "\n".join(lines) or NOTHING_KNOWN


def _rank(entry: ContextEntry, wanted: frozenset[str]) -> tuple[int, bool, int]:
    return -len(_words(entry.content) & wanted), not entry.important, -entry.id


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower())) - _SAYS_NOTHING


def _word_entry(entry: ContextEntry) -> str:
    first, *further = entry.content.splitlines() or [""]
    return "\n    ".join([f"- {entry.type} ({_speaker(entry)}): {first}", *further])


def _speaker(entry: ContextEntry) -> str:
    if entry.role is Role.USER:
        return "a person"
    return f"{entry.role} {entry.agent}".strip()
