"""Chooses the playbook for a situation. Pure, and the same one for the same files, always."""

from collections.abc import Sequence

from octrad.pipeline.advisor.playbook import Playbook
from octrad.pipeline.advisor.situation import Situation


def choose_playbook(own: Sequence[Playbook], shipped: Sequence[Playbook], situation: Situation) -> Playbook:
    """The one that fits best: the user's own before ours, then by priority, then the most specific, then by name.

    One of the shipped fits everything.
    """
    return (_that_fit(own, situation) or _that_fit(shipped, situation))[0]


def _that_fit(playbooks: Sequence[Playbook], situation: Situation) -> list[Playbook]:
    fits = [(playbook, fit) for playbook in playbooks if (fit := playbook.fit(situation)) is not None]
    fits.sort(key=lambda found: (-found[0].priority, -found[1], found[0].name))
    return [playbook for playbook, _ in fits]
