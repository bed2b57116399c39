"""`octrad`: one program, several processes. Each subcommand imports only its own house, and only when it is asked for.

A failure is told as one `error:` and one `hint:` line and a code of sysexits.h; the traceback only with --debug.
"""

import argparse
import asyncio
import dataclasses
import json
import logging
import os
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from octrad.exit_codes import exit_code_of
from octrad.foundation.config import Config, load_config
from octrad.foundation.errors import OctraError
from octrad.foundation.logging import set_up_logging
from octrad.foundation.share_heap import share_heap
from octrad.foundation.state_dir import default_state_dir

DEFAULT_CONFIG = Path("/etc/octra/octrad.toml")
# gRPC's fork handlers stop the event loop's threads around every fork, and we start programs all the time.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")


def main() -> NoReturn:
    """Runs the subcommand and exits."""
    arguments = _parser().parse_args()
    try:
        code = _run(arguments)
    except OctraError as error:
        code = _tell(error, debug=arguments.debug)
    except KeyboardInterrupt:
        code = 130
    # The program's outermost boundary: what nobody foresaw is told in our form too.
    except Exception as error:  # noqa: BLE001 - see above
        code = _tell(_as_ours(error), debug=arguments.debug)
    _let_output_go()
    sys.exit(code)


def _let_output_go() -> None:
    """Gives up what nobody reads any more: Python would try it again at the end, and exit 120 whatever our code is."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _as_ours(error: Exception) -> OctraError:
    """The error of ours that is in a group of errors; for any other, one that says so."""
    while isinstance(error, ExceptionGroup):
        error = (error.subgroup(OctraError) or error).exceptions[0]
    if isinstance(error, OctraError):
        return error
    hint = "again with --debug shows where; please report it"
    return OctraError(f"unexpected {type(error).__name__}: {error}", hint=hint)


def _tell(error: OctraError, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(f"error: {error.message}", file=sys.stderr)  # noqa: T201 - a command line program
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)  # noqa: T201 - a command line program
    return exit_code_of(error)


def _run(arguments: argparse.Namespace) -> int:
    name = "octrad" if arguments.command == "serve" else f"octrad-{arguments.command}"
    set_up_logging(name, level=logging.DEBUG if arguments.debug else logging.INFO)
    match arguments.command:
        case "rehearse":
            return _rehearse(arguments.port, arguments.scenarios)
        case "check":
            return _check(arguments.state_dir, arguments.config, as_json=arguments.json)
        case _:
            return _serve(arguments)


def _serve(arguments: argparse.Namespace) -> int:
    share_heap()
    state_dir: Path = arguments.state_dir.absolute()
    match arguments.command:
        case "serve":
            from octrad.check.before_start import check_before_start  # noqa: PLC0415
            from octrad.daemon import serve  # noqa: PLC0415

            check_before_start(arguments.config)
            asyncio.run(serve(state_dir, arguments.config))
        case "gateway":
            from octrad.gateway.server.serve import serve as serve_gateway  # noqa: PLC0415

            asyncio.run(serve_gateway(state_dir, arguments.config))
        case "runner" if arguments.check:
            _print_runner_findings(state_dir, load_config(arguments.config))
        case "runner":
            from octrad.runner.server.serve import serve as serve_runner  # noqa: PLC0415

            asyncio.run(serve_runner(state_dir, arguments.config))
        case "migrate":
            from octrad.choose_database import migrate_database  # noqa: PLC0415

            asyncio.run(migrate_database(state_dir, load_config(arguments.config).database))
    return os.EX_OK


def _print_runner_findings(state_dir: Path, config: Config) -> None:
    from octrad.runner.server.inspect_host import inspect_host  # noqa: PLC0415

    findings = asyncio.run(inspect_host(state_dir, config))
    print(json.dumps([dataclasses.asdict(finding) for finding in findings]))  # noqa: T201 - what was asked for


def _rehearse(port: int, scenarios: Path | None) -> int:
    from octrad.rehearsal.serve import serve as serve_rehearsal  # noqa: PLC0415

    asyncio.run(serve_rehearsal(port, scenarios))
    return os.EX_OK


def _check(state_dir: Path, config_path: Path | None, *, as_json: bool) -> int:
    from octrad.check.report import check_machine  # noqa: PLC0415

    return asyncio.run(check_machine(state_dir.absolute(), config_path, as_json=as_json))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="octrad", description=__doc__.splitlines()[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    house = _places_parser()
    commands.add_parser("serve", parents=[house], help="the daemon: API, queue and pipeline")
    commands.add_parser("gateway", parents=[house], help="the model gateway; octrad starts it by itself")
    runner = commands.add_parser(
        "runner", parents=[house], help="trees, Nix and the sandbox; octrad starts it by itself"
    )
    runner.add_argument("--check", action="store_true", help="say as JSON what this machine lacks for it, and exit")
    commands.add_parser("migrate", parents=[house], help="bring the database to this version")
    check = commands.add_parser("check", parents=[house], help="say what is wrong with this machine or configuration")
    check.add_argument("--json", action="store_true", help="as JSON")
    rehearse = commands.add_parser("rehearse", parents=[_debug_parser()], help="a model that answers from a script")
    rehearse.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0, the default, takes a free one")
    rehearse.add_argument("--scenarios", type=Path, metavar="DIR", help="scenario files other than the built-in ones")
    return parser


def _debug_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--debug", action="store_true", help="log more, and show tracebacks")
    return parser


def _places_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False, parents=[_debug_parser()])
    parser.add_argument(
        "--state-dir", type=Path, default=default_state_dir(), metavar="DIR", help="default: %(default)s"
    )
    config = DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None
    parser.add_argument(
        "--config", type=Path, default=config, metavar="FILE", help=f"default: {DEFAULT_CONFIG}, if there"
    )
    return parser


if __name__ == "__main__":
    main()
