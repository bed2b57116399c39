"""The rule for names of projects: one that is also a valid directory, branch and flake attribute."""

import re

from octrad.foundation.errors import InvalidRequestError

NAME_CHARACTERS = 63
_NAME = re.compile(rf"[a-z](?:[a-z0-9-]{{0,{NAME_CHARACTERS - 2}}}[a-z0-9])?")


def require_project_name(name: str) -> None:
    """Accepts lower-case letters, digits and hyphens, from a letter to a letter or digit.

    Raises:
        InvalidRequestError: it is something else; the hint has the nearest name that would do.
    """
    if _NAME.fullmatch(name):
        return
    near = _nearest(name)
    raise InvalidRequestError(
        f"project {name[:80]!r} is not a name: lower-case letters, digits and hyphens, beginning with a letter, "
        f"at most {NAME_CHARACTERS} characters",
        field="project",
        hint=f"`{near}` would do" if near else "for example `todo-list`",
    )


def _nearest(name: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).lstrip("0123456789-")
    return slug[:NAME_CHARACTERS].strip("-")
