"""What a playbook may be, and what its text becomes."""

import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.foundation.errors import ConfigurationError
from octrad.pipeline.advisor.load_playbooks import shipped_playbooks
from octrad.pipeline.advisor.playbook import PLACEHOLDERS, Playbook, fill, parse_playbook, values_of
from octrad.pipeline.advisor.write_note import write_note
from tests.unit.pipeline.advisor.situations import CHECK, TASK, no_answer

GOOD = """
title = "It broke"
explanation = "It did."
commands = ["octractl retry {task} --model {other_model}", "octractl retry {task}"]
[[match]]
code = "models_failed"
class = "rate"
"""


@pytest.mark.parametrize("playbook", shipped_playbooks(), ids=lambda playbook: playbook.name)
def test_what_is_shipped_renders_with_nothing_known_but_the_task(playbook: Playbook) -> None:
    advice = write_note(CHECK, playbook)
    assert shlex.split(advice.next_command)[0] in {"octractl", "octrad"}
    assert "{" not in advice.note + advice.next_command
    assert "\n\n" not in advice.note


def test_a_good_one_is_read() -> None:
    playbook = parse_playbook("my-rate.toml", GOOD)
    assert (playbook.name, playbook.matches[0].code, playbook.matches[0].failure_class) == (
        "my-rate",
        "models_failed",
        "rate",
    )


@pytest.mark.parametrize(
    ("filename", "replaced", "by", "said"),
    [
        ("My Rate.toml", "", "", "is no name of a playbook"),
        ("../rate.toml", "", "", "is no name of a playbook"),
        ("rate.md", "", "", "is no name of a playbook"),
        ("rate.toml", 'title = "It broke"', "title = ", "is not TOML"),
        ("rate.toml", 'title = "It broke"', "", "`title`"),
        ("rate.toml", "It broke", "It broke\\nhere", "`title`: must be one line"),
        ("rate.toml", "It did.", "", "`explanation`"),
        ("rate.toml", "class =", "clas =", "`match.0.clas`"),
        ("rate.toml", '"rate"', '"slow"', "`match.0.class`"),
        ("rate.toml", 'class = "rate"', 'pattern = "("', "is no regular expression"),
        ("rate.toml", 'class = "rate"', 'kept = "all"', "`match.0.kept`"),
        ("rate.toml", "{other_model}", "{other_modell}", "`{other_modell}` is not a placeholder"),
        ("rate.toml", "{other_model}", "'{other_model}'", "may not stand in quotes"),
        ("rate.toml", "--model {other_model}", "'", "is no command line"),
        ("rate.toml", ', "octractl retry {task}"]', "]", "the last one may name only"),
        ("rate.toml", "commands =", "priority = 1000\ncommands =", "`priority`"),
        ("rate.toml", "octractl retry {task} --", "octractl\\u001b[2J {task} --", "must be one line"),
    ],
)
def test_a_broken_one_is_refused_by_its_name_and_key(filename: str, replaced: str, by: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_playbook(filename, GOOD.replace(replaced, by) if replaced else GOOD)
    assert said in caught.value.message
    assert filename in caught.value.message


@given(st.text(min_size=1, max_size=60))
def test_a_value_is_one_word_of_the_command_whatever_is_in_it(value: str) -> None:
    command = fill("octractl logs {task} --step {step}", {"task": TASK, "step": value})
    assert command is not None
    assert shlex.split(command) == ["octractl", "logs", TASK, "--step", value]


def test_a_line_with_an_unknown_value_is_left_out() -> None:
    assert fill("octractl retry {task} --model {other_model}", {"task": TASK, "other_model": ""}) is None
    assert fill("octractl retry {task}", {"task": TASK}) == f"octractl retry {TASK}"


def test_every_placeholder_is_filled_from_a_situation() -> None:
    values = values_of(replace(CHECK, hops=no_answer("auth").hops, models="a/b,c/d"), "other/model")
    assert values.keys() == set(PLACEHOLDERS)
    assert list(values.values()) == [
        TASK,
        "todo",
        "python",
        "check/4/1",
        "pytest -q",
        "a/b,c/d",
        "openai/gpt-4.1",
        "openai",
        "other/model",
    ]
