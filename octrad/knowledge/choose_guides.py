"""Which guides a project needs: those of its stack, and those of the tools that its plan names besides. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence

from octrad.foundation.errors import InvalidRequestError
from octrad.knowledge.guides import Guide

# What ends a word of a shell's command, and a directory before a program: `./gradlew`, `(cd app; make)`.
_BETWEEN_WORDS = re.compile(r"[\s;&|()'\"=/]+")


def choose_guides(
    guides: Mapping[str, Guide], named: Sequence[str], *, packages: Collection[str] = (), commands: Sequence[str] = ()
) -> tuple[Guide, ...]:
    """The guides in the order in which they matter, each once.

    Args:
        guides: all that there are.
        named: the names that the stack gives; one that does not exist is passed over.
        packages: attributes that the plan adds: a guide whose own package is among them follows.
        commands: the plan's checks: a guide whose program stands in them follows.
    """
    words = {word for command in commands for word in _BETWEEN_WORDS.split(command)}
    wanted = [name for name in named if name in guides]
    wanted += [
        name
        for name, guide in sorted(guides.items())
        if guide.packages[0] in packages or not words.isdisjoint(guide.programs)
    ]
    return tuple(guides[name] for name in dict.fromkeys(wanted))


def choose_ecosystem(guides: Mapping[str, Guide], ecosystem: str) -> tuple[Guide, ...]:
    """The guides of one ecosystem, by name; where none is named all, by ecosystem.

    Raises:
        InvalidRequestError: nothing belongs to that ecosystem; the hint lists the known ones.
    """
    known = {guide.ecosystem for guide in guides.values()}
    if ecosystem and ecosystem not in known:
        raise InvalidRequestError(
            f"there is no ecosystem {ecosystem[:60]!r}",
            field="ecosystem",
            hint=f"the ecosystems are {', '.join(sorted(known))}",
        )
    chosen = [guide for guide in guides.values() if ecosystem in {"", guide.ecosystem}]
    return tuple(sorted(chosen, key=lambda guide: (guide.ecosystem, guide.name)))
