"""Refuses a snapshot of what holds a secret."""

from octrad.runner.server.secrets.find_secrets import find_secrets
from octrad.runner.server.secrets.finding import secret_found
from octrad.runner.server.trees.task_tree import TaskTree


async def refuse_secrets(tree: TaskTree, commit: str, base_commit: str) -> None:
    """Looks at all that a snapshot of the commit would keep, and raises when it must not be kept.

    Raises:
        SecretFoundError: there is what looks like a secret; it says where, and never what.
        CommandFailedError: no such commit.
        ExhaustedError: the search took too long.
    """
    findings = await find_secrets(tree, commit, base_commit)
    if findings:
        raise secret_found(findings)
