"""Generates `octra_proto/` from `proto/octra/`.

The stubs are committed, so that nobody needs a compiler to install Octra; `--check` proves that they match.
The tools are those of the oldest gRPC that the stubs must run on (grpcio-tools 1.76): newer ones refuse older runtimes.

    python proto/generate.py            writes octra_proto/
    python proto/generate.py --check    exits 1 and names the files that differ
"""

import filecmp
import shutil
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "octra_proto"


def generate(target: Path) -> None:
    """Writes the Python package `octra_proto` into the directory `target`.

    The sources are staged under the package's own name first, because protoc derives Python imports from file names.
    """
    with tempfile.TemporaryDirectory() as name:
        staged = Path(name) / "staged"
        for source in sorted((ROOT / "proto" / "octra").rglob("*.proto")):
            copy = staged / PACKAGE / source.relative_to(ROOT / "proto" / "octra")
            copy.parent.mkdir(parents=True, exist_ok=True)
            text = source.read_text(encoding="utf-8")
            copy.write_text(text.replace('import "octra/', f'import "{PACKAGE}/'), encoding="utf-8")
        target.mkdir(parents=True, exist_ok=True)
        kinds = ("python_out=", "grpc_python_out=", "mypy_out=quiet:", "mypy_grpc_out=quiet:")
        outputs = [f"--{kind}{target}" for kind in kinds]
        files = [str(path) for path in sorted(staged.rglob("*.proto"))]
        includes = [f"-I{staged}", f"-I{Path(protoc.__file__).parent / '_proto'}"]
        if protoc.main(["protoc", *includes, *outputs, *files]) != 0:
            sys.exit("proto/generate.py: protoc failed")
    for directory in {path.parent for path in (target / PACKAGE).rglob("*.py")} | {target / PACKAGE / "gateway"}:
        (directory / "__init__.py").touch()
    (target / PACKAGE / "runner" / "__init__.py").touch()
    (target / PACKAGE / "__init__.py").touch()
    (target / PACKAGE / "py.typed").touch()


def differences(left: Path, right: Path) -> list[str]:
    """Names the files below `left` and `right` that are not the same in both."""

    def listed(root: Path) -> set[Path]:
        return {p.relative_to(root) for p in root.rglob("*") if p.is_file() and "__pycache__" not in p.parts}

    names = listed(left) | listed(right)
    same = {n for n in listed(left) & listed(right) if filecmp.cmp(left / n, right / n, shallow=False)}
    return sorted(str(name) for name in names - same)


def main() -> None:
    """Writes the stubs, or with `--check` compares them."""
    with tempfile.TemporaryDirectory() as name:
        fresh = Path(name)
        generate(fresh)
        if sys.argv[1:] == ["--check"]:
            stale = differences(fresh / PACKAGE, ROOT / PACKAGE)
            if stale:
                sys.exit("stubs differ from proto/ (run `make stubs`):\n  " + "\n  ".join(stale))
            return
        shutil.rmtree(ROOT / PACKAGE, ignore_errors=True)
        shutil.copytree(fresh / PACKAGE, ROOT / PACKAGE)


if __name__ == "__main__":
    main()
