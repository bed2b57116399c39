"""Renders the questions that are put to models. One Markdown file a question in `prompts/`.

A file is a system part and a user part with a line `=====` between them. `{{name}}` is a value of our own;
`{{fenced name}}` is text that somebody else wrote: it is put into a fence that it cannot close. The system part takes
no values, so that it stays the same from call to call and providers can cache it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from octrad.foundation.errors import OctraError

_SEPARATOR = "\n=====\n"
_PLACEHOLDER = re.compile(r"\{\{(fenced )?([a-z_]+)\}\}")
_RUN_OF_TILDES = re.compile(r"~+")
_SHORTEST_FENCE = 4


class PromptError(OctraError):
    """A prompt file and the code that fills it do not fit together: a mistake of ours."""

    code = "prompt"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question, before its values are put in."""

    name: str
    system: str
    user: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """One question as it is asked."""

    system: str
    user: str


@cache
def load_prompt(name: str) -> Prompt:
    """Reads `prompts/NAME.md`, once a process.

    Raises:
        PromptError: the file is not made of two parts, or its first part takes values.
    """
    text = files("octrad.pipeline.questions").joinpath(f"prompts/{name}.md").read_text(encoding="utf-8")
    return parse_prompt(name, text)


def parse_prompt(name: str, text: str) -> Prompt:
    """Splits the text of a prompt file.

    Raises:
        PromptError: it is not made of two parts, or its first part takes values.
    """
    parts = text.split(_SEPARATOR)
    if len(parts) != 2:
        raise PromptError(f"the prompt {name} must have two parts with one line of five `=` between them")
    if _PLACEHOLDER.search(parts[0]):
        raise PromptError(f"the prompt {name} may have no placeholder in its first part")
    return Prompt(name, parts[0].strip(), parts[1].strip())


def render(prompt: Prompt, values: Mapping[str, str]) -> Rendered:
    """Puts the values in; what a value contains is never looked at again.

    Raises:
        PromptError: a placeholder has no value, or a value has no placeholder.
    """
    wanted = {match[2] for match in _PLACEHOLDER.finditer(prompt.user)}
    if wanted != values.keys():
        missing, unknown = sorted(wanted - values.keys()), sorted(values.keys() - wanted)
        raise PromptError(f"the prompt {prompt.name} misses {missing} and does not know {unknown}")

    def fill(match: re.Match[str]) -> str:
        return fence(match[2], values[match[2]]) if match[1] else values[match[2]]

    return Rendered(prompt.system, _PLACEHOLDER.sub(fill, prompt.user))


def fence(label: str, text: str) -> str:
    """Text that somebody else wrote, between fences longer than any run of the fence's character in it."""
    longest = max((len(run) for run in _RUN_OF_TILDES.findall(text + label)), default=0)
    bar = "~" * max(_SHORTEST_FENCE, longest + 1)
    return f"{bar} {label}\n{text.rstrip()}\n{bar}"
