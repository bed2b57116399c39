"""What the shell may put in place of half a word: what the daemon knows; nothing when it cannot be asked."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from octra_proto.v1.knowledge_pb2 import Guide
    from octra_proto.v1.tasks_pb2 import Task
    from octractl.client import Client

TIMEOUT_S = 2.0
NEWEST_TASKS = 200


def complete_task(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Returns the ids of recent tasks that begin with what is typed."""
    del parameter
    return _ask(context, incomplete, lambda client: (task.id for task in _tasks(client)))


def complete_project(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Returns the names of projects of recent tasks, but for those of one task alone."""
    del parameter
    return _ask(context, incomplete, lambda client: (t.project for t in _tasks(client) if t.project != t.id))


def complete_stack(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Returns the names of stacks, for the last one of a list."""
    del parameter
    from octra_proto.v1 import system_pb2  # noqa: PLC0415 - the shell asks for this rarely

    before, comma, last = incomplete.rpartition(",")

    def names(client: "Client") -> list[str]:
        answer = client.system.ListStacks(system_pb2.ListStacksRequest(), timeout=TIMEOUT_S)
        return [stack.name for stack in answer.stacks]

    return [f"{before}{comma}{name}" for name in _ask(context, last, names)]


def complete_guide(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Returns the names of tool guides."""
    del parameter
    return _ask(context, incomplete, lambda client: (guide.name for guide in _guides(client)))


def complete_ecosystem(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Returns the ecosystems of tool guides."""
    del parameter
    return _ask(context, incomplete, lambda client: (guide.ecosystem for guide in _guides(client)))


def complete_model(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Returns the names of the configured models, for the last one of a list."""
    del parameter
    from octra_proto.v1 import system_pb2  # noqa: PLC0415 - as above

    before, comma, last = incomplete.rpartition(",")

    def names(client: "Client") -> list[str]:
        answer = client.system.ListModels(system_pb2.ListModelsRequest(), timeout=TIMEOUT_S)
        return [model.name for model in answer.models]

    return [f"{before}{comma}{name}" for name in _ask(context, last, names)]


def complete_skill(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Returns the slugs of the skill warehouse."""
    del parameter
    from octra_proto.v1 import knowledge_pb2  # noqa: PLC0415 - as above

    def slugs(client: "Client") -> list[str]:
        answer = client.knowledge.ListSkills(knowledge_pb2.ListSkillsRequest(), timeout=TIMEOUT_S)
        return [skill.slug for skill in answer.skills]

    return _ask(context, incomplete, slugs)


def complete_skill_area(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Returns the areas of the skill warehouse, for the last one of a list."""
    del parameter
    from octra_proto.v1 import knowledge_pb2  # noqa: PLC0415 - as above

    before, comma, last = incomplete.rpartition(",")

    def areas(client: "Client") -> list[str]:
        return list(client.knowledge.ListSkills(knowledge_pb2.ListSkillsRequest(), timeout=TIMEOUT_S).areas)

    return [f"{before}{comma}{area}" for area in _ask(context, last, areas)]


def _tasks(client: "Client") -> Iterable["Task"]:
    from octra_proto.v1 import tasks_pb2  # noqa: PLC0415 - as above

    request = tasks_pb2.ListTasksRequest(page_size=NEWEST_TASKS)
    return client.tasks.ListTasks(request, timeout=TIMEOUT_S).tasks


def _guides(client: "Client") -> Iterable["Guide"]:
    from octra_proto.v1 import knowledge_pb2  # noqa: PLC0415 - as above

    return client.knowledge.ListGuides(knowledge_pb2.ListGuidesRequest(), timeout=TIMEOUT_S).guides


def _ask(context: click.Context, incomplete: str, names: Callable[["Client"], Iterable[str]]) -> list[str]:
    import grpc  # noqa: PLC0415 - as above

    from octractl.client import connect  # noqa: PLC0415 - as above
    from octractl.errors import OctractlError  # noqa: PLC0415 - as above

    try:
        with connect(context.find_root().params.get("socket")) as client:
            known = dict.fromkeys(names(client))
    except (grpc.RpcError, OctractlError):
        return []
    return [name for name in known if name.startswith(incomplete)]
