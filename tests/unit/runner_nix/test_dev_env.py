import json
import subprocess

import pytest

from octrad.runner.server.nix.dev_env import DevEnvError, parse_dev_env


def _answer(variables: dict[str, object], functions: dict[str, str] | None = None) -> bytes:
    return json.dumps({"bashFunctions": functions or {}, "variables": variables}).encode()


def _exported(value: str) -> dict[str, str]:
    return {"type": "exported", "value": value}


def test_only_what_a_shell_exports_is_kept() -> None:
    environment = parse_dev_env(
        _answer(
            {
                "PATH": _exported("/nix/store/a/bin"),
                "HOME": _exported("/homeless-shelter"),
                "TMPDIR": _exported("/build"),
                "builder": _exported("/nix/store/b/bin/bash"),
                "name": _exported("nix-shell"),
                "LINENO": {"type": "var", "value": "1"},
                "arr": {"type": "array", "value": ["1"]},
                "secret": {"type": "unknown"},
            }
        )
    )
    assert environment.variables == {"PATH": "/nix/store/a/bin"}
    assert environment.bash == "/nix/store/b/bin/bash"
    assert (environment.shell_hook, environment.activate) == ("", "")


@pytest.mark.parametrize("shell", ["/noshell", "/bin/sh", "relative/bash", ""])
def test_where_no_bash_is_named_the_hosts_is_used(shell: str) -> None:
    assert parse_dev_env(_answer({"BASH": {"type": "var", "value": shell}})).bash == "/bin/bash"


def test_a_hook_finds_all_that_it_refers_to() -> None:
    environment = parse_dev_env(
        _answer(
            {
                "shellHook": {"type": "var", "value": 'greet "${list[1]}" "${map[k 1]}" "$plain"; echo \'it\'\'s\''},
                "list": {"type": "array", "value": ["a", "b 'c'"]},
                "map": {"type": "associative", "value": {"k 1": "v $x"}},
                "plain": {"type": "var", "value": "p"},
                "BASH_VERSINFO": {"type": "array", "value": ["5"]},
                "LINENO": {"type": "var", "value": "1"},
            },
            {"greet": ' \n    printf "%s|" "$@"\n'},
        )
    )
    done = subprocess.run(["/bin/bash", "-euc", environment.activate], check=True, capture_output=True, text=True)
    assert done.stdout == "b 'c'|v $x|p|its\n"
    assert done.stderr == ""


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b'{"variables": 1}', b'{"bashFunctions":{},"variables":{"a":{"type":"x"}}}']
)
def test_something_else_is_an_error(answer: bytes) -> None:
    with pytest.raises(DevEnvError):
        parse_dev_env(answer)
