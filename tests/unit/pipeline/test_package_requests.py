from octrad.pipeline.package_policy import Judged, refuse_granted
from octrad.pipeline.package_requests import NO_MORE, tell_unheard, word_outcome
from octrad.pipeline.questions.answers import WorkAnswer
from octrad.tasks.events import PackagesRefused, RefusedPackage


def test_who_asked_is_told_of_what_they_asked_for() -> None:
    judged = refuse_granted(Judged(granted=("x",)), "no")
    judged = Judged(("jq",), ("git",), judged.refused)
    assert word_outcome(("jq", "x", "jq"), judged) == (
        "Of the packages that you asked for,\n"
        "- `jq` is in the environment now\n"
        "- `x` is refused: no\n"
        "Go on; the files of that answer are in place."
    )
    assert "- `git` was in the environment already\n" in word_outcome(("git",), judged)


def test_who_is_not_heard_is_refused_aloud() -> None:
    answer = WorkAnswer(summary="s", files=[], edits=[], removals=[], packages=["jq"])
    assert tell_unheard(answer, may_be_heard=True) == []
    assert tell_unheard(answer, may_be_heard=False) == [PackagesRefused((RefusedPackage("jq", NO_MORE),))]
