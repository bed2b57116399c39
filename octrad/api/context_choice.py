"""What a request about a project's context means: scopes, types, and what is to be said or forgotten. Pure."""

from octra_proto.v1 import context_pb2
from octrad.api.plain_text import require_plain_text
from octrad.api.project_name import require_project_name
from octrad.foundation.errors import InvalidRequestError
from octrad.tasks.context.entry import CONTENT_CHARACTERS, ContextScope, ContextType, Statement
from octrad.tasks.context.forget_entries import Forgetting

_SCOPE_PREFIX = "CONTEXT_SCOPE_"
_TYPE_PREFIX = "CONTEXT_TYPE_"
# PostgreSQL's bigint.
_GREATEST_ID = 2**63 - 1


def scope_message(scope: ContextScope) -> "context_pb2.ContextScope.ValueType":
    """A scope as the API's enum."""
    return context_pb2.ContextScope.Value(f"{_SCOPE_PREFIX}{scope.name}")


def type_message(kind: ContextType) -> "context_pb2.ContextType.ValueType":
    """A type as the API's enum."""
    return context_pb2.ContextType.Value(f"{_TYPE_PREFIX}{kind.name}")


def require_scope(message: "context_pb2.ContextScope.ValueType") -> ContextScope | None:
    """The scope that the API's enum names; None for one that is unspecified.

    Raises:
        InvalidRequestError: it is unknown to us.
    """
    if message == context_pb2.CONTEXT_SCOPE_UNSPECIFIED:
        return None
    name = context_pb2.ContextScope.Name(message) if message in context_pb2.ContextScope.values() else ""
    scope = ContextScope.__members__.get(name.removeprefix(_SCOPE_PREFIX))
    if scope is None:
        known = ", ".join(ContextScope)
        raise InvalidRequestError(f"scope {message} is none", field="scope", hint=f"known: {known}")
    return scope


def require_statement(request: context_pb2.AddContextRequest) -> Statement:
    """What is to be said to all agents of the project.

    Raises:
        InvalidRequestError: it is empty, too long or no plain text, of an unknown type, or its project is not named.
    """
    _require_project(request.project)
    content = request.content.strip()
    require_plain_text(content, "content")
    if not 1 <= len(content) <= CONTENT_CHARACTERS:
        raise InvalidRequestError(
            f"content has {len(content)} characters, and may have 1 to {CONTENT_CHARACTERS:,}",
            field="content",
            hint="say one thing at a time",
        )
    return Statement(ContextScope.GLOBAL, _require_type(request.type), content, request.important)


def require_forgetting(request: context_pb2.ForgetContextRequest) -> Forgetting:
    """What is to be forgotten.

    Raises:
        InvalidRequestError: neither a text nor an id, or both, or the project is not named.
    """
    _require_project(request.project)
    text = request.text.strip()
    require_plain_text(text, "text")
    if bool(text) == bool(request.id):
        raise InvalidRequestError(
            "name what is to be forgotten by a text or by an id",
            field="id" if text else "text",
            hint="`octractl context list` shows the ids",
        )
    if len(text) > CONTENT_CHARACTERS:
        raise InvalidRequestError(f"no entry has a text of {len(text)} characters", field="text")
    if not 0 <= request.id <= _GREATEST_ID:
        raise InvalidRequestError(f"{request.id} is no id of an entry", field="id")
    return Forgetting(request.id or None, text)


def _require_project(project: str) -> None:
    if not project:
        raise InvalidRequestError("project is empty", field="project", hint="`octractl list` shows the projects")
    require_project_name(project)


def _require_type(message: "context_pb2.ContextType.ValueType") -> ContextType:
    if message == context_pb2.CONTEXT_TYPE_UNSPECIFIED:
        return ContextType.FACT
    name = context_pb2.ContextType.Name(message) if message in context_pb2.ContextType.values() else ""
    kind = ContextType.__members__.get(name.removeprefix(_TYPE_PREFIX))
    if kind is None:
        raise InvalidRequestError(f"type {message} is none", field="type", hint=f"known: {', '.join(ContextType)}")
    return kind
