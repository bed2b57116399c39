"""Generates `docs/api.md` from the comments in `proto/octra/v1/`.

The page is committed, so that it can be read without a tool; `--check` proves that it matches.

    python proto/document.py            writes docs/api.md
    python proto/document.py --check    exits 1 when it differs
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "proto"
PREFACE = SOURCES / "api-preface.md"
PAGE = ROOT / "docs" / "api.md"
# In the order in which a newcomer asks.
FILES = (
    "tasks",
    "events",
    "states",
    "snapshots",
    "system",
    "audit",
    "access",
    "budgets",
    "advisor",
    "knowledge",
    "context",
)
PACKAGE = ".octra.v1."

# Field numbers in descriptor.proto, of which the paths of source locations are made.
_FILE_MESSAGE, _FILE_ENUM, _FILE_SERVICE = 4, 5, 6
_MESSAGE_FIELD, _ENUM_VALUE, _SERVICE_METHOD = 2, 2, 2
_PACKAGE, _SYNTAX = 2, 12

_SCALARS = {
    number: FieldDescriptorProto.Type.Name(number).removeprefix("TYPE_").lower()
    for number in FieldDescriptorProto.Type.values()
}


@dataclass(frozen=True, slots=True)
class Source:
    """One file, with the comments at each place in it."""

    file: FileDescriptorProto
    comments: dict[tuple[int, ...], str]

    def comment(self, *path: int) -> str:
        """What the file says of the thing at a path, as one paragraph a paragraph."""
        return self.comments.get(path, "")


def main() -> None:
    """Writes the page, or with `--check` compares it."""
    text = page()
    if sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            sys.exit(f"{PAGE.relative_to(ROOT)} differs from proto/ (run `make stubs`)")
        return
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")


def page() -> str:
    """The whole page."""
    blocks = [PREFACE.read_text(encoding="utf-8").rstrip()]
    for source in read_sources():
        blocks += _file_blocks(source)
    return "\n\n".join(blocks) + "\n"


def read_sources() -> list[Source]:
    """The files of the API, parsed with their comments."""
    with tempfile.TemporaryDirectory() as name:
        output = Path(name) / "descriptors"
        files = [str(SOURCES / "octra" / "v1" / f"{file}.proto") for file in FILES]
        includes = [f"-I{SOURCES}", f"-I{Path(protoc.__file__).parent / '_proto'}"]
        arguments = ["protoc", *includes, "--include_source_info", f"--descriptor_set_out={output}", *files]
        if protoc.main(arguments) != 0:
            sys.exit("proto/document.py: protoc failed")
        found = {file.name: file for file in FileDescriptorSet.FromString(output.read_bytes()).file}
    return [_source(found[f"octra/v1/{file}.proto"]) for file in FILES]


def _source(file: FileDescriptorProto) -> Source:
    locations = file.source_code_info.location
    return Source(file, {tuple(place.path): _paragraphs(place.leading_comments) for place in locations})


def _paragraphs(comment: str) -> str:
    paragraphs = comment.strip().split("\n\n")
    return "\n\n".join(" ".join(line.strip() for line in paragraph.splitlines()) for paragraph in paragraphs)


def _file_blocks(source: Source) -> Iterator[str]:
    file = source.file
    title = Path(file.name).stem.capitalize()
    yield f"## {title}\n\n`{file.name}`. {source.comment(_PACKAGE) or source.comment(_SYNTAX)}".rstrip()
    for index, service in enumerate(file.service):
        yield from _service_blocks(source, index, service)
    for index, message in enumerate(file.message_type):
        yield from _message_blocks(source, index, message)
    for index, enum in enumerate(file.enum_type):
        yield from _enum_blocks(source, index, enum)


def _service_blocks(source: Source, index: int, service: ServiceDescriptorProto) -> Iterator[str]:
    yield _heading(3, f"{service.name}", source.comment(_FILE_SERVICE, index))
    for place, method in enumerate(service.method):
        comment = source.comment(_FILE_SERVICE, index, _SERVICE_METHOD, place)
        yield f"- **{method.name}**({_side(method, asked=True)}) → {_side(method, asked=False)}  \n  {comment}"


def _side(method: MethodDescriptorProto, *, asked: bool) -> str:
    streams = method.client_streaming if asked else method.server_streaming
    return ("stream of " if streams else "") + _link(method.input_type if asked else method.output_type)


def _message_blocks(source: Source, index: int, message: DescriptorProto) -> Iterator[str]:
    yield _heading(3, message.name, source.comment(_FILE_MESSAGE, index))
    rows = [
        (f"`{field.name}`", _type(field, message), source.comment(_FILE_MESSAGE, index, _MESSAGE_FIELD, place))
        for place, field in enumerate(message.field)
    ]
    yield _table(("Field", "Type", ""), rows) if rows else "No fields."


def _enum_blocks(source: Source, index: int, enum: EnumDescriptorProto) -> Iterator[str]:
    yield _heading(3, enum.name, source.comment(_FILE_ENUM, index))
    yield _table(
        ("Value", "Number", ""),
        [
            (f"`{value.name}`", str(value.number), source.comment(_FILE_ENUM, index, _ENUM_VALUE, place))
            for place, value in enumerate(enum.value)
        ],
    )


def _type(field: FieldDescriptorProto, message: DescriptorProto) -> str:
    name = _link(field.type_name) if field.type_name else _SCALARS[field.type]
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"list of {name}"
    if field.proto3_optional:
        return f"optional {name}"
    if field.HasField("oneof_index"):
        return f"{name}, one of `{message.oneof_decl[field.oneof_index].name}`"
    return name


def _link(type_name: str) -> str:
    if not type_name.startswith(PACKAGE):
        return type_name.removeprefix(".google.protobuf.").removeprefix(".")
    name = type_name.removeprefix(PACKAGE)
    return f"[{name}](#{name.lower()})"


def _heading(depth: int, title: str, comment: str) -> str:
    return f"{'#' * depth} {title}" + (f"\n\n{comment}" if comment else "")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("\n\n", " ").replace("|", "\\|") for cell in row) + " |" for row in lines
    )


if __name__ == "__main__":
    main()
