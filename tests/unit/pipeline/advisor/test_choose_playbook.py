"""Which playbook is chosen for which end."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.pipeline.advisor.choose_playbook import choose_playbook
from octrad.pipeline.advisor.load_playbooks import shipped_playbooks
from octrad.pipeline.advisor.playbook import Match, Playbook, parse_playbook
from octrad.pipeline.advisor.situation import Situation
from octrad.pipeline.ending import Kept
from tests.unit.pipeline.advisor.situations import CHECK, SITUATIONS, check

SHIPPED = shipped_playbooks()
NAMES = [f"{number}-{name}" for number, (name, _) in enumerate(SITUATIONS)]


def book(name: str, *matches: Match, priority: int = 0) -> Playbook:
    return Playbook(name, matches, priority, "It broke", "It did", (), ("octractl retry {task}",))


@pytest.mark.parametrize(("name", "situation"), SITUATIONS, ids=NAMES)
def test_every_end_has_its_playbook(name: str, situation: Situation) -> None:
    assert choose_playbook((), SHIPPED, situation).name == name


def test_every_playbook_that_is_shipped_is_reached() -> None:
    assert {playbook.name for playbook in SHIPPED} == {name for name, _ in SITUATIONS}


@pytest.mark.parametrize(
    ("playbooks", "chosen"),
    [
        ([book("general", Match(code="checks_failed")), book("specific", Match(code="checks_failed", stack="python"))],
         "specific"),
        ([book("a", Match(code="checks_failed")), book("b", Match(step="check/*"))], "a"),
        ([book("a"), book("b", Match(kept="snapshot"))], "b"),
        ([book("a", Match(code="checks_failed", stack="python")), book("b", Match(code="checks_failed"), priority=1)],
         "b"),
        ([book("a", Match(code="other"), Match(stack="python")), book("b", Match(stack="rust"))], "a"),
        ([book("a", Match(code="checks_failed", pattern="^2 failed$")), book("b")], "b"),
        ([book("a", Match(code="checks_failed", pattern="^1 failed$")), book("b")], "a"),
        ([book("a", Match(code="checks_failed", failure_class="rate")), book("b")], "b"),
        ([book("a", Match(code="checks_failed", reason="timeout")), book("b")], "b"),
    ],
)  # fmt: skip
def test_the_specific_goes_before_the_general_and_the_name_decides(playbooks: list[Playbook], chosen: str) -> None:
    assert choose_playbook((), playbooks, check("0 passed\n1 failed")).name == chosen
    assert choose_playbook((), playbooks[::-1], check("0 passed\n1 failed")).name == chosen


def test_ones_own_goes_before_ours_however_general() -> None:
    own = book("mine", Match(code="checks_failed"))
    memory = check(reason="memory")
    assert choose_playbook([own], SHIPPED, memory) == own
    assert choose_playbook([own], SHIPPED, replace(memory, code="merge_conflict")).name == "merge-conflict"


@given(st.text(max_size=300), st.sampled_from(list(Kept)), st.text(max_size=20))
def test_there_is_always_one(output: str, kept: Kept, code: str) -> None:
    situation = replace(CHECK, code=code, output=output, kept=kept)
    assert choose_playbook((), SHIPPED, situation) in SHIPPED


def test_a_playbook_without_a_match_fits_everything() -> None:
    text = 'title = "T"\nexplanation = "E"\ncommands = ["octractl why {task}"]\n'
    assert parse_playbook("any.toml", text).fit(CHECK) == 0
