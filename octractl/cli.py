"""The command line of octractl: global options, and commands that are imported only when they run."""

import importlib

import click

from octractl.exit_codes import exit_code_table

# Each command is `command` in the module of its name; completion and help read the names from here.
COMMANDS = (
    "submit", "watch", "list", "show", "logs", "cancel", "retry", "why", "snapshots", "restore", "pull", "diff",
    "status", "models", "stacks", "version", "completion",
)  # fmt: skip
EPILOG = "\b\nExit codes:\n" + exit_code_table()


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Returns the names, in the order in which people need them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Returns the command of that name, if there is one."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"octractl.commands.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101 - each module keeps to the table above
        return command


@click.command(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--socket", metavar="PATH", help="octrad's socket; else $OCTRA_SOCKET, else where octrad puts it.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.pass_context
def cli(ctx: click.Context, socket: str | None, *, debug: bool) -> None:
    """Turns requests into tested, snapshotted, restorable software projects, with octrad."""
    del debug  # read by the process's boundary, which also covers failures before this
    ctx.obj = socket
