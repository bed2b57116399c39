"""The advisor's note: what happened and what is kept; and one next step, a command to type. Pure, no model asked.

Every end that is not `done` has one.
"""

from dataclasses import dataclass
from enum import StrEnum


class EndKind(StrEnum):
    """How a run ends."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ends, as it is recorded before anything is wound up.

    `code` is that of the error that ended it, `detail` a finer word: the class of a model's failure, or the step of
    the check that failed.
    """

    kind: EndKind
    commit: str = ""
    code: str = ""
    message: str = ""
    hint: str = ""
    detail: str = ""


class Kept(StrEnum):
    """What is left of the work."""

    SNAPSHOT = "snapshot"
    NOTHING = "nothing"
    # It could not be snapshotted, so the working directory was not removed.
    TREE = "tree"
    # Likewise, because it holds what looks like a secret.
    REFUSED = "refused"


def advise(task_id: str, ending: Ending, kept: Kept, *, snapshot_failure: str = "") -> tuple[str, str]:
    """Words the note of a run that did not reach `done`; returns it and the one command to go on with.

    The command is no part of the note: whoever shows both says it once.
    """
    what, action = _explain(ending)
    command = _AFTER_NO_SNAPSHOT.get(kept, action).format(task=task_id, detail=ending.detail)
    return "\n".join([*what, _describe_kept(kept, snapshot_failure)]), command


_RETRY = "octractl retry {task}"
_START_OVER = "octractl retry {task} --fresh"
# Where there is no snapshot, it is what comes next, whatever else happened.
_AFTER_NO_SNAPSHOT = {Kept.TREE: _RETRY, Kept.REFUSED: "octractl retry {task} --allow-secrets"}
# By the code of the error: what happened, and the next step.
_EXPLANATIONS: dict[str, tuple[str, str]] = {
    "": ("All of it was proved, but it could not be snapshotted.", _RETRY),
    "checks_failed": ("A check still fails after the last repair.", "octractl logs {task} --step {detail}"),
    "not_approved": ("It was not approved; a retry goes on with further rounds.", _RETRY),
    "answer_refused": ("A model's answers could not be accepted.", _START_OVER),
    "merge_conflict": ("Workers kept changing the same lines.", _START_OVER),
    "configuration": ("Something is not set up.", "octrad check"),
    "exhausted": ("A limit was reached.", _RETRY),
    "internal": ("Something went wrong inside Octra.", "octractl logs {task}"),
}
_OTHERWISE = ("It could not go on.", _RETRY)
# By the class of the failure, where no model answered.
_MODEL_EXPLANATIONS: dict[str, tuple[str, str]] = {
    "auth": ("No model could be used: a key is missing or refused.", "octractl models"),
    "billing": ("No model could be used: an account cannot pay.", "octractl models"),
    "bad_model": ("No model could be used: the provider does not know it.", "octractl models"),
    "context": ("A question was too long for every model of the chain.", "octractl models"),
}
_NO_MODEL_ANSWERED = ("A model's answer is missing; a retry asks again.", _RETRY)


def _explain(ending: Ending) -> tuple[list[str], str]:
    """The sentences, a line each: what happened, what was said, what to do about it; and the command."""
    if ending.kind is EndKind.CANCELLED:
        return [f"It was cancelled: {ending.message.rstrip('.')}." if ending.message else "It was cancelled."], _RETRY
    if ending.code == "models_failed":
        what, action = _MODEL_EXPLANATIONS.get(ending.detail, _NO_MODEL_ANSWERED)
    else:
        what, action = _EXPLANATIONS.get(ending.code, _OTHERWISE)
    said = [f"{_sentence(ending.message)}"] if ending.message.strip() else []
    hint = [f"Hint: {_sentence(ending.hint)}"] if ending.hint.strip() else []
    return [what, *said, *hint], action


def _describe_kept(kept: Kept, snapshot_failure: str) -> str:
    match kept:
        case Kept.SNAPSHOT:
            return "What there was is kept, as a partial snapshot."
        case Kept.NOTHING:
            return "There was nothing yet to keep."
        case Kept.TREE:
            return (
                f"The work could not be snapshotted ({snapshot_failure}), so its working directory was left in place."
            )
        case Kept.REFUSED:
            return (
                f"The snapshot was refused: {snapshot_failure}.\n"
                "Nothing went into the Nix store, and the working directory was left in place. Allow it only if these"
                " are no real secrets; what was once in a snapshot stays there, and a real secret is to be withdrawn"
                " where it was issued."
            )


def _sentence(text: str) -> str:
    """A message as a sentence: with a capital where it begins with a word, and one full stop or its own mark."""
    text = text.strip().rstrip(".")
    return text[:1].upper() + text[1:] + ("" if text.endswith(("?", "!", "…")) else ".")
