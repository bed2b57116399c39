"""`octractl completion`: what the shell needs to complete commands, options and tasks."""

import click
from click.shell_completion import get_completion_class

from octractl.output import print_lines


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print a completion script for your shell.

    \b
    bash: source <(octractl completion bash)
    zsh:  source <(octractl completion zsh)
    fish: octractl completion fish | source
    """  # noqa: D301 - click's mark for lines that stay as they are
    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 - click has all three
    print_lines([found(context.find_root().command, {}, "octractl", "_OCTRACTL_COMPLETE").source()])
