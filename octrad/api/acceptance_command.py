"""Which acceptance commands are taken: one line of bash that could at least be read by bash.

It is a check of form, made without running anything: the control plane starts no shell. What passes here can still
fail in the sandbox, and says so there.
"""

from octrad.api.plain_text import require_plain_text
from octrad.foundation.errors import InvalidRequestError

COMMAND_BYTES = 4096
COMMANDS = 32
_FIELD = "checks"
_OPENERS = {"'": "a single quote", '"': "a double quote", "`": "a backquote", "(": "`$(`", "$'": "`$'`"}


def require_acceptance_commands(commands: list[str]) -> None:
    """Accepts up to `COMMANDS` commands.

    Raises:
        InvalidRequestError: one of them cannot be a command; the error shows it and says why.
    """
    if len(commands) > COMMANDS:
        raise InvalidRequestError(
            f"{len(commands)} checks; at most {COMMANDS}", field=_FIELD, hint="put them into a script of the project"
        )
    for command in commands:
        _require_command(command)


def _require_command(command: str) -> None:
    shown = f"check {command[:60]!r}"
    if not command.strip():
        raise InvalidRequestError("a check is empty", field=_FIELD, hint="leave it out, or say what must exit 0")
    if len(command.encode()) > COMMAND_BYTES:
        raise InvalidRequestError(
            f"{shown} is longer than {COMMAND_BYTES} bytes", field=_FIELD, hint="put it into a script of the project"
        )
    if "\n" in command or "\r" in command:
        raise InvalidRequestError(
            f"{shown} has more than one line", field=_FIELD, hint="join the lines with `&&`, or give several checks"
        )
    require_plain_text(command, _FIELD)
    fault = quoting_fault(command)
    if fault:
        raise InvalidRequestError(f"{shown}: {fault}", field=_FIELD, hint="close it, or escape it with a backslash")


def quoting_fault(command: str) -> str:
    """What bash would miss at the end of this line: a closing quote, a bracket, a character after a backslash.

    Returns an empty string when it would miss nothing. Follows the quoting rules of the bash manual, section 3.1.2,
    and the nesting of `$(…)` inside double quotes.
    """
    open_: list[str] = []
    position, end = 0, len(command)
    while position < end:
        taken = _step(command, position, open_)
        if taken == 0:
            break
        position += taken
    if position > end:
        return "a backslash at its end escapes nothing"
    return f"{_OPENERS[open_[-1]]} is never closed" if open_ else ""


def _step(command: str, position: int, open_: list[str]) -> int:
    """Reads one token, keeps `open_` true, and returns how many characters it took; 0 when a comment takes the rest."""
    character, inside = command[position], open_[-1] if open_ else ""
    if character == "\\" and inside != "'":
        return 2
    if inside in {"'", "$'"}:
        if character == "'":
            open_.pop()
        return 1
    if character == "$" and command[position + 1 : position + 2] in {"(", "'"}:
        opener = command[position + 1]
        if opener == "'" and inside == '"':
            return 1
        open_.append("(" if opener == "(" else "$'")
        return 2
    if character == "#" and inside != '"' and (position == 0 or command[position - 1] in " \t;&|("):
        return 0
    return _toggle(character, inside, open_)


def _toggle(character: str, inside: str, open_: list[str]) -> int:
    if character == inside or (character == ")" and inside == "("):
        open_.pop()
    elif character in '"`' or (character == "'" and inside != '"') or (character == "(" and inside == "("):
        open_.append(character)
    return 1
