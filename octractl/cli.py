"""The command line of octractl: global options, and commands that are imported only when they run."""

import difflib
import importlib

import click

from octractl.exit_codes import exit_code_table

# Each command is `command` in the module of its name; completion and help read the names from here.
SECTIONS = {
    "Have something built": ("submit", "watch", "cancel", "retry"),
    "See what happened": ("list", "show", "logs", "why", "advise", "diff", "cost", "context"),
    "Get it": ("restore", "pull", "snapshots"),
    "The daemon and this program": (
        "status",
        "models",
        "audit",
        "stacks",
        "guides",
        "skills",
        "whoami",
        "budget",
        "audit-log",
        "version",
        "completion",
        "help",
    ),
}
COMMANDS = tuple(name for names in SECTIONS.values() for name in names)
EPILOG = """\b
To begin:
  octractl submit "a command line todo list in Rust"
  octractl restore TASK ./todo

TASK is the beginning of a task's id, as far as no other begins so.

\b
Exit codes:
""" + exit_code_table()


class UnknownCommandError(click.UsageError):
    """There is no such command; knows the one that was probably meant."""

    def __init__(self, name: str, ctx: click.Context) -> None:
        super().__init__(f"there is no command `{name}`", ctx)
        near = difflib.get_close_matches(name, COMMANDS, 1)
        self.hint = f"did you mean `octractl {near[0]}`?" if near else "`octractl help` shows the commands"


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
        command = importlib.import_module(f"octractl.commands.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)  # noqa: S101 - each module keeps to the table above
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Returns the command that the arguments name, and the others."""
        if args[0] not in COMMANDS and not ctx.resilient_parsing and not args[0].startswith("-"):
            raise UnknownCommandError(args[0], ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the commands, those together that serve one purpose."""
        width = max(map(len, COMMANDS))
        for title, names in SECTIONS.items():
            commands = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(title):
                formatter.write_dl(
                    [(f"{name:<{width}}", command.get_short_help_str(70)) for name, command in commands if command]
                )


@click.command(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--socket", metavar="PATH", help="octrad's socket; else $OCTRA_SOCKET, else where octrad puts it.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.pass_context
def cli(ctx: click.Context, socket: str | None, *, debug: bool) -> None:
    """Turns requests into tested, snapshotted, restorable software projects, with octrad."""
    del debug  # read by the process's boundary, which also covers failures before this
    ctx.obj = socket
