"""`octractl help`: the same as `--help`, for those who look for it there."""

import click

from octractl.output import print_lines


@click.command()
@click.argument("name", metavar="[COMMAND]", required=False)
@click.pass_context
def command(context: click.Context, name: str | None) -> None:
    """Show the help of octractl, or of one of its commands."""
    root = context.find_root()
    assert isinstance(root.command, click.Group)  # noqa: S101 - octractl is one
    if name is None:
        print_lines([root.get_help()])
        return
    _, found, _ = root.command.resolve_command(root, [name])
    assert found is not None  # noqa: S101 - else it has raised
    print_lines([found.get_help(click.Context(found, parent=root, info_name=name))])
