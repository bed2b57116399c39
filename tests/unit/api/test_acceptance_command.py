import pytest
from hypothesis import given
from hypothesis import strategies as st

from octrad.api.acceptance_command import COMMAND_BYTES, COMMANDS, quoting_fault, require_acceptance_commands
from octrad.foundation.errors import InvalidRequestError

GOOD = [
    "true",
    "python -m unittest -v",
    "test \"$(./todo list)\" = 'a b'",
    "echo it\\'s",
    'echo "it\'s"',
    "true # it's a comment",
    "echo a#'b'",
    "echo $'it\\'s'",
    'echo "$(echo "nested")"',
    'echo "$(echo \'it"s\')"',
    "echo `date`",
    "echo $((1 + 2))",
    "(cd x && make)",
    'echo "${x#\'}"',
    "ls \\ ",
]
BAD = [
    ("echo 'a", "a single quote is never closed"),
    ('echo "a', "a double quote is never closed"),
    ("echo `date", "a backquote is never closed"),
    ("echo $(date", "`$(` is never closed"),
    ('echo "$(echo "nested)"', "`$(` is never closed"),
    ("echo it's", "a single quote is never closed"),
    ("echo \\", "a backslash at its end escapes nothing"),
    ("echo $'a\\'", "`$'` is never closed"),
]


@pytest.mark.parametrize("command", GOOD)
def test_what_bash_could_read_is_taken(command: str) -> None:
    assert quoting_fault(command) == ""
    require_acceptance_commands([command])


@pytest.mark.parametrize(("command", "fault"), BAD)
def test_what_is_not_closed_is_refused_with_its_reason(command: str, fault: str) -> None:
    assert quoting_fault(command) == fault
    with pytest.raises(InvalidRequestError, match="check") as caught:
        require_acceptance_commands([command])
    assert caught.value.field == "checks"
    assert caught.value.hint


@given(st.text())
def test_any_text_has_an_answer(command: str) -> None:
    assert isinstance(quoting_fault(command), str)


@given(st.text(alphabet="ab '"))
def test_quoting_a_text_as_a_whole_is_never_at_fault(text: str) -> None:
    quoted = "'" + text.replace("'", "'\\''") + "'"
    assert quoting_fault(quoted) == ""


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("a\nb", "more than one line"),
        ("a\rb", "more than one line"),
        ("a\0b", "U\\+0000"),
        ("x" * (COMMAND_BYTES + 1), "longer than"),
    ],
)
def test_what_is_no_command_is_refused(command: str, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words) as caught:
        require_acceptance_commands([command])
    assert caught.value.field == "checks"


def test_too_many_commands_are_refused() -> None:
    require_acceptance_commands(["true"] * COMMANDS)
    with pytest.raises(InvalidRequestError, match="at most"):
        require_acceptance_commands(["true"] * (COMMANDS + 1))
