"""How tool guides are worded in prompts, within a budget of tokens. Pure, and the same text for the same guide, always.

What does not fit is left out by the line, the least important first: errors (a repair gets those that it needs, see
`describe_errors`), then the layout, then commands that need the network, then the rest from its end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from octrad.knowledge.guides import Guide, GuideCommand, GuideError
from octrad.knowledge.match_errors import KnownError
from octrad.pipeline.questions.estimate_call import estimate_tokens

# Of all guides in one prompt together. Any one that is shipped has room in it; two leave out most of their errors.
GUIDES_TOKENS: Final = 1500
# Of the known errors in a repair, which are few and come first.
ERRORS_TOKENS: Final = 700
ERRORS_AT_MOST: Final = 5
_BETWEEN: Final = "\n\n"


class _Importance(IntEnum):
    """What stays longest goes first."""

    PURPOSE = 0
    OFFLINE_COMMANDS = 1
    CHECKS = 2
    NETWORK_COMMANDS = 3
    LAYOUT = 4
    ERRORS = 5


@dataclass(frozen=True, slots=True)
class _Unit:
    """Lines that come and go together: a line, and before the first of a section its heading."""

    importance: _Importance
    text: str


def render_guide(guide: Guide, budget_tokens: int) -> str:
    """The guide's text, of at most so many tokens; whole lines, those that matter most. Empty when not one fits."""
    units = list(_units(guide))
    chosen: set[int] = set()
    for index in sorted(range(len(units)), key=lambda one: (units[one].importance, one)):
        if estimate_tokens(_join(units, {*chosen, index})) > budget_tokens:
            break
        chosen.add(index)
    return _join(units, chosen)


def render_guides(guides: Sequence[Guide], budget_tokens: int) -> str:
    """Several guides' texts, in their order, of at most so many tokens together.

    Each gets the same share, and what one does not need is the others'.
    """
    between = estimate_tokens(_BETWEEN)
    needs = {guide.name: between + estimate_tokens(render_guide(guide, GUIDES_TOKENS)) for guide in guides}
    shares: dict[str, int] = {}
    left = budget_tokens
    for number, (name, need) in enumerate(sorted(needs.items(), key=lambda one: (one[1], one[0]))):
        shares[name] = min(need, left // (len(needs) - number))
        left -= shares[name]
    texts = (render_guide(guide, shares[guide.name] - between) for guide in guides)
    return _BETWEEN.join(text for text in texts if text)


def describe_errors(known: Sequence[KnownError]) -> str:
    """What guides know of an output, for its repair: the first few errors, whole, within `ERRORS_TOKENS`."""
    lines: list[str] = []
    for one in known[:ERRORS_AT_MOST]:
        line = f"- {one.guide.title}: {_describe_error(one.error)}"
        if estimate_tokens("\n".join([*lines, line])) > ERRORS_TOKENS:
            break
        lines.append(line)
    return "\n".join(lines) or "nothing"


def _join(units: Sequence[_Unit], chosen: set[int]) -> str:
    return "\n".join(unit.text for index, unit in enumerate(units) if index in chosen)


def _units(guide: Guide) -> Iterator[_Unit]:
    yield _Unit(_Importance.PURPOSE, f"{guide.title}. {guide.purpose}")
    yield from _section(_Importance.PURPOSE, "Without a network:", guide.offline)
    here = [_describe_command(command) for command in guide.commands if command.offline]
    yield from _section(_Importance.OFFLINE_COMMANDS, "Commands that work without a network:", here)
    yield from _section(_Importance.CHECKS, "Checks:", [_code(check) for check in guide.checks])
    yield from _section(_Importance.LAYOUT, "Layout:", guide.layout)
    away = [_describe_command(command) for command in guide.commands if not command.offline]
    yield from _section(_Importance.NETWORK_COMMANDS, "Commands that need a network, and fail without one:", away)
    yield from _section(_Importance.ERRORS, "Errors:", [_describe_error(error) for error in guide.errors])


def _section(importance: _Importance, heading: str, lines: Sequence[str]) -> Iterator[_Unit]:
    for number, line in enumerate(lines):
        yield _Unit(importance, f"- {line}" if number else f"{heading}\n- {line}")


def _describe_command(command: GuideCommand) -> str:
    when = f" ({command.when})" if command.when else ""
    return f"{_code(command.run)}: {command.does}{when}"


def _describe_error(error: GuideError) -> str:
    return f"{_code(error.says)}: {error.means} Cure: {error.cure}"


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"
