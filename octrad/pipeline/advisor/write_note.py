"""Writes the advisor's note: what happened, what was tried, what helps, what is kept; and one next step. Pure.

The next step is no part of the note: whoever shows both says it once.
"""

from collections.abc import Mapping, Sequence

from octrad.gateway.outcome_words import OUTCOME_WORDS
from octrad.pipeline.advisor.clean_text import clean_line
from octrad.pipeline.advisor.playbook import Playbook, fill, values_of
from octrad.pipeline.advisor.situation import CANCELLED, Hop, Situation, Spent, last_lines
from octrad.pipeline.ending import Kept
from octrad.tasks.transition import Advice

_MESSAGE_CHARACTERS = 1000
_HOPS_TOLD = 8
_OUTPUT_LINES = 8
_CHECKS_TOLD = 5
_WORDS: Mapping[str, str] = {outcome.value: words for outcome, words in OUTCOME_WORDS.items()}


def write_note(situation: Situation, playbook: Playbook, other_model: str = "") -> Advice:
    """The note of a run that did not reach `done`, and the one command to go on with."""
    values = values_of(situation, other_model)
    note = [
        _sentence(playbook.title),
        *_describe_error(situation),
        *_describe_trail(situation),
        *_describe_output(situation),
        _sentence(playbook.explanation),
        *_hint(situation),
        *(f"- {step}" for step in _filled(playbook.steps, values)),
        *_describe_kept(situation),
        *_describe_spent(situation.spent),
    ]
    return Advice("\n".join(note), next(iter(_filled(playbook.commands, values)), ""))


def with_wording(advice: Advice, wording: str) -> Advice:
    """The same advice, with a model's words on top of the note; its next step stays the playbook's."""
    return Advice(f"{advice.note}\nIn a model's words: {clean_line(wording)}", advice.next_command)


def _filled(templates: Sequence[str], values: Mapping[str, str]) -> list[str]:
    return [text for text in (fill(template, values) for template in templates) if text is not None]


def _describe_error(situation: Situation) -> list[str]:
    said = clean_line(situation.message, _MESSAGE_CHARACTERS)
    # Where there is a trail, it says the same and more.
    if not said or situation.hops:
        return []
    return [_sentence(f"Its reason: {said}" if situation.code == CANCELLED else said)]


def _describe_trail(situation: Situation) -> list[str]:
    if not situation.hops:
        return []
    left_out = len(situation.hops) - _HOPS_TOLD
    more = [f"- … {left_out} before these"] if left_out > 0 else []
    step = f" at step {clean_line(situation.step, 100)}" if situation.step else ""
    return [f"What was tried{step}:", *more, *(_describe_hop(hop) for hop in situation.hops[-_HOPS_TOLD:])]


def _describe_hop(hop: Hop) -> str:
    times = "once" if hop.attempts == 1 else f"{hop.attempts} times"
    outcome = _WORDS.get(hop.outcome, f"failed ({hop.outcome})")
    error = f": {clean_line(hop.error, 300).rstrip('.')}" if hop.error.strip() else ""
    return f"- {clean_line(hop.model, 100)} {outcome} (asked {times}, {hop.duration_ms / 1000:.1f} s in all){error}"


def _describe_output(situation: Situation) -> list[str]:
    lines = last_lines(situation.output, _OUTPUT_LINES)
    return ["The last lines of its output:", *(f"| {line}" for line in lines)] if lines else []


def _hint(situation: Situation) -> list[str]:
    hint = clean_line(situation.hint, _MESSAGE_CHARACTERS)
    return [f"Hint: {_sentence(hint)}"] if hint else []


def _describe_kept(situation: Situation) -> list[str]:
    why = clean_line(situation.snapshot_failure, _MESSAGE_CHARACTERS).rstrip(".")
    match situation.kept:
        case Kept.SNAPSHOT:
            kept = ["What there was is kept, as a partial snapshot."]
        case Kept.NOTHING:
            kept = ["There was nothing yet to keep."]
        case Kept.TREE:
            kept = [f"The work could not be snapshotted ({why}), so its working directory was left in place."]
        case Kept.REFUSED:
            kept = [
                f"The snapshot was refused: {why}.",
                "Nothing went into the Nix store, and the working directory was left in place.",
            ]
        case Kept.UNTOUCHED:
            kept = ["The work is where it was left; a retry goes on there."]
    return kept + _describe_passed(situation.passed)


def _describe_passed(passed: Sequence[str]) -> list[str]:
    if not passed:
        return []
    told = ", ".join(f"`{clean_line(command, 80)}`" for command in passed[:_CHECKS_TOLD])
    more = f" and {len(passed) - _CHECKS_TOLD} more" if len(passed) > _CHECKS_TOLD else ""
    return [f"Passed on the way: {told}{more}."]


def _describe_spent(spent: Spent) -> list[str]:
    if not spent.input_tokens and not spent.output_tokens:
        return []
    parts = [f"{spent.input_tokens:,} tokens in and {spent.output_tokens:,} out"]
    if spent.cost_usd or not spent.unpriced_calls:
        parts.append(f"${spent.cost_usd:.4f}")
    if spent.unpriced_calls:
        parts.append(f"{spent.unpriced_calls} call{'' if spent.unpriced_calls == 1 else 's'} without a price")
    return [f"Spent so far: {', '.join(parts)}."]


def _sentence(text: str) -> str:
    """A message as a sentence: with a capital where it begins with a word, and one full stop or its own mark."""
    text = text.strip().rstrip(".")
    return text[:1].upper() + text[1:] + ("" if text.endswith(("?", "!", "…")) else ".")
