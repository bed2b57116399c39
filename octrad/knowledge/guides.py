"""The tool guides: how a stack's tools are used without a network and without questions. They go into prompts.

One Markdown file a tool in `library/guides/`; its first line is `# Title`.
"""

from dataclasses import dataclass

from octrad.foundation.errors import ConfigurationError

GUIDE_CHARACTERS = 4000


@dataclass(frozen=True, slots=True)
class Guide:
    """How one tool is used."""

    name: str
    title: str
    text: str


def parse_guide(filename: str, text: str) -> Guide:
    """Splits the text of `NAME.md` into title and body.

    Raises:
        ConfigurationError: it has no title or is too long for a prompt.
    """
    title, _, body = text.partition("\n")
    if not title.startswith("# ") or not body.strip():
        raise ConfigurationError(f"the guide {filename} must begin with a line `# Title` and say something")
    if len(body) > GUIDE_CHARACTERS:
        raise ConfigurationError(f"the guide {filename} is longer than {GUIDE_CHARACTERS} characters")
    return Guide(filename.removesuffix(".md"), title.removeprefix("# ").strip(), body.strip())
