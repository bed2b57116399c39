"""The program `octractl`: runs a command and turns whatever ends it into words and an exit code."""

import os
import sys
from typing import TYPE_CHECKING

from octractl.errors import OctractlError
from octractl.exit_codes import ExitCode

if TYPE_CHECKING:
    import click


GLOBAL_OPTIONS = frozenset({"--socket", "--debug"})


def main() -> None:
    """Runs octractl with the arguments of the process, and exits."""
    for output in (sys.stdout, sys.stderr):
        # A title in a script that the terminal's encoding lacks must not end us.
        output.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # they are TextIOWrappers here
    code = run(sys.argv[1:])
    sys.stderr.flush()
    # Everything is closed and flushed. Taking gRPC's modules and threads apart one by one would only cost 20 ms.
    os._exit(code)


def run(arguments: list[str]) -> int:  # noqa: PLR0911 - one return a kind of ending
    """Runs octractl and returns its exit code. Prints errors; raises only with `--debug`."""
    import click  # noqa: PLC0415 - late, so that a failure of the import is reported like any other

    is_debugging = "--debug" in _global_options(arguments)
    try:
        code = _invoke(arguments)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(f"{error.format_message()}\n")
        return error.exit_code
    except click.ClickException as error:
        print_error(_from_click(error))
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Nobody reads any more; whatever Python still wants to flush goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.BROKEN_PIPE
    except OctractlError as error:
        if is_debugging:
            raise
        print_error(error)
        return error.exit_code
    except Exception as error:  # the process's boundary: a bug is said in one line unless asked for more
        if is_debugging:
            raise
        print_error(OctractlError(f"a bug in octractl: {error!r}", hint="octractl --debug … shows where"))
        return ExitCode.INTERNAL
    return code


def _invoke(arguments: list[str]) -> int:
    from octractl.cli import cli  # noqa: PLC0415 - late, as above

    if "_OCTRACTL_COMPLETE" in os.environ:
        cli.main(arguments, prog_name="octractl")
    try:
        with cli.make_context("octractl", arguments) as context:
            code = cli.invoke(context)
    finally:
        # Also what a command printed before it failed; nothing else does it, because `main` leaves by os._exit.
        sys.stdout.flush()
    return code if isinstance(code, int) else ExitCode.OK


def print_error(error: OctractlError) -> None:
    """Says on stderr what is wrong and what to do."""
    from octractl.render.clean_text import clean_block  # noqa: PLC0415 - only failures need it

    sys.stderr.write(f"error: {clean_block(error.message)}\n")
    if error.hint:
        sys.stderr.write(f"hint: {clean_block(error.hint)}\n")


def _from_click(error: "click.ClickException") -> OctractlError:

    message = error.format_message().removesuffix(".")
    return OctractlError(message[:1].lower() + message[1:], hint=_hint(error))


def _hint(error: "click.ClickException") -> str:
    import click  # noqa: PLC0415 - late, as above

    from octractl.cli import UnknownCommandError  # noqa: PLC0415 - as above

    if not isinstance(error, click.UsageError) or error.ctx is None:
        return "octractl --help"
    if isinstance(error, UnknownCommandError):
        return error.hint
    if isinstance(error, click.NoSuchOption) and error.option_name in GLOBAL_OPTIONS:
        return f"it stands before the command: octractl {error.option_name} … {error.ctx.info_name}"
    if error.ctx.info_name == "submit" and "extra argument" in error.message:
        return 'put the whole request in quotes: octractl submit "…"'
    return f"{error.ctx.command_path} --help"


def _global_options(arguments: list[str]) -> list[str]:
    """Returns what stands before the command."""
    for index, argument in enumerate(arguments):
        if not argument.startswith("-") and arguments[index - 1 : index] != ["--socket"]:
            return arguments[:index]
    return arguments


if __name__ == "__main__":
    main()
