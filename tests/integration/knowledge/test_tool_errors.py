"""Tools really fail, and their guides know what they say.

Only of guides whose tools other tests need as well.
"""

import os
import subprocess
from pathlib import Path

import pytest

from octrad.knowledge.library import read_library
from octrad.knowledge.match_errors import match_errors

GUIDES = read_library().guides
CARGO = '[package]\nname = "a"\nversion = "0.1.0"\nedition = "2021"\n'
GO = "module a\n\ngo 1.18\n"
CMAKE = "cmake_minimum_required(VERSION 3.20)\nproject(a LANGUAGES CXX)\n"
NODE = '{"name": "a", "version": "1.0.0"}'
BUILD = "cmake -S . -B build && cmake --build build"

# Guide, command, files, and what the guide calls the error that comes first.
FAILURES = [
    (
        "cargo",
        "cargo build",
        {"Cargo.toml": f'{CARGO}[dependencies]\nserde = "1"\n', "src/main.rs": "fn main() {}\n"},
        "error: no matching package named `…` found",
    ),
    (
        "cargo",
        "cargo build --frozen",
        {
            "Cargo.toml": f'{CARGO}[dependencies]\nb = {{ path = "b" }}\n',
            "b/Cargo.toml": CARGO.replace('"a"', '"b"'),
            "b/src/lib.rs": "",
            "src/main.rs": "fn main() {}\n",
        },
        "--… was passed to prevent this",
    ),
    (
        "cargo",
        "cargo build",
        {"Cargo.toml": CARGO, "src/main.rs": "fn main() { let s = String::new(); drop(s); drop(s); }\n"},
        "error[E0382]:",
    ),
    ("cargo", "cargo init --vcs none", {"Cargo.toml": CARGO}, "cannot be run on existing Cargo packages"),
    (
        "go",
        "go build ./...",
        {"go.mod": GO, "main.go": 'package main\n\nimport "example.org/x"\n\nfunc main() { x.Y() }\n'},
        "module lookup disabled by GOPROXY=off",
    ),
    (
        "go",
        "go build ./...",
        {"go.mod": GO, "main.go": 'package main\n\nimport "store"\n\nfunc main() { store.Y() }\n'},
        "package … is not in …",
    ),
    (
        "go",
        "go vet ./...",
        {"go.mod": GO, "main.go": 'package main\n\nimport "os"\n\nfunc main() {}\n'},
        "imported … not used",
    ),
    ("npm", "npm install left-pad", {"package.json": NODE}, "ENOTCACHED"),
    ("npm", "npm run nothing", {"package.json": NODE}, 'Missing script: "…"'),
    (
        "npm",
        "node a.mjs",
        {"a.mjs": 'import leftPad from "left-pad";\n'},
        "Error [ERR_MODULE_NOT_FOUND]: Cannot find package '…'",
    ),
    ("pip", "python3 -c 'import requests_that_nobody_has'", {}, "ModuleNotFoundError: No module named '…'"),
    (
        "pip",
        "python3 p/a.py",
        {"p/a.py": "from . import b\n"},
        "ImportError: attempted relative import with no known parent package",
    ),
    (
        "cmake",
        "cmake -S . -B build",
        {},
        'CMake Error: The source directory "…" does not appear to contain CMakeLists.txt.',
    ),
    (
        "cmake",
        BUILD,
        {"CMakeLists.txt": f"{CMAKE}add_executable(a a.cpp)\n", "a.cpp": "int f();\nint main() { return f(); }\n"},
        "undefined reference to `…'",
    ),
    ("make", "make", {"Makefile": "a:\n    echo\n"}, "*** missing separator"),
    ("make", "make", {"Makefile": "a: b\n\techo\n"}, "*** No rule to make target '…', needed by '…'. Stop."),
    ("git", "git status", {}, "fatal: not a git repository (or any"),
    (
        "git",
        "git init -q -b main . && git add a && git commit -m a",
        {"a": ""},
        "fatal: unable to auto-detect email address",
    ),
]


@pytest.mark.parametrize(
    ("guide", "command", "files", "says"), FAILURES, ids=[f"{one[0]}: {one[3]}" for one in FAILURES]
)
def test_a_tool_that_fails_says_what_its_guide_knows(
    tmp_path: Path, guide: str, command: str, files: dict[str, str], says: str
) -> None:
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    offline = {
        "CARGO_NET_OFFLINE": "true",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "LC_ALL": "C.UTF-8",
        "npm_config_offline": "true",
    }
    argv = ["bash", "-c", command]
    failed = subprocess.run(
        argv, cwd=tmp_path, env=os.environ | offline, capture_output=True, text=True, timeout=120, check=False
    )
    output = failed.stdout + failed.stderr
    assert failed.returncode != 0, output
    known = match_errors([GUIDES[guide]], output)
    assert known, output
    assert known[0].error.says == says
