"""One kind of data file: those that are shipped, and the user's own, which go before shipped ones of their name.

A file of the user's that is broken is named and passed over, and the shipped one of its name stays in use. One that is
shipped and broken is a mistake of ours, and nothing starts with it.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Generic, TypeVar

from octrad.foundation.errors import ConfigurationError

FILE_BYTES = 64 * 1024
FILES_AT_MOST = 1000

T = TypeVar("T")
# From the name of a file and its text; raises ConfigurationError.
Parse = Callable[[str, str], T]


@dataclass(frozen=True, slots=True)
class Shelf(Generic[T]):
    """What there is of one kind.

    Args:
        entries: by name, in the order of the names.
        own: the names of those that are the user's.
        faults: why others of the user's are passed over, a sentence each, with the path.
        digest: the SHA-256 of the names and every byte of the entries.
    """

    entries: Mapping[str, T]
    own: frozenset[str]
    faults: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class _Read(Generic[T]):
    entry: T
    sha256: str


def read_shelf(kind: str, suffix: str, parse: Parse[T], own_dir: Path | None = None) -> Shelf[T]:
    """Reads `library/KIND/NAME.SUFFIX` and, in their place where the names are the same, `OWN_DIR/KIND/NAME.SUFFIX`.

    Raises:
        ConfigurationError: a shipped file is not what it must be.
    """
    read = dict(_read_shipped(kind, suffix, parse))
    own: dict[str, _Read[T]] = {}
    faults: list[str] = []
    for path in _own_paths(own_dir, kind, suffix, faults):
        try:
            own[path.name.removesuffix(suffix)] = _read(path.name, _content(path), parse)
        except ConfigurationError as error:
            faults.append(f"{path}: {error.message}")
    read |= own
    names = sorted(read)
    listing = "".join(f"{kind}/{name}{suffix} {read[name].sha256}\n" for name in names)
    digest = hashlib.sha256(listing.encode()).hexdigest()
    return Shelf({name: read[name].entry for name in names}, frozenset(own), tuple(faults), digest)


def _read_shipped(kind: str, suffix: str, parse: Parse[T]) -> Iterator[tuple[str, _Read[T]]]:
    for file in files("octrad.knowledge").joinpath(f"library/{kind}").iterdir():
        if file.name.endswith(suffix):
            yield file.name.removesuffix(suffix), _read(file.name, file.read_bytes(), parse)


def _own_paths(own_dir: Path | None, kind: str, suffix: str, faults: list[str]) -> list[Path]:
    if own_dir is None:
        return []
    directory = own_dir / kind
    try:
        paths = sorted(path for path in directory.iterdir() if path.name.endswith(suffix))
    except FileNotFoundError:
        # Nobody has to have some of every kind.
        return []
    except OSError as error:
        faults.append(f"{directory}: cannot be read: {error.strerror}")
        return []
    if len(paths) > FILES_AT_MOST:
        faults.append(f"{directory}: has more than {FILES_AT_MOST} files; those after {paths[FILES_AT_MOST - 1].name}")
    return paths[:FILES_AT_MOST]


def _read(filename: str, content: bytes, parse: Parse[T]) -> _Read[T]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{filename} is no text in UTF-8") from error
    return _Read(parse(filename, text), hashlib.sha256(content).hexdigest())


def _content(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise ConfigurationError("is no file")
        with path.open("rb") as file:
            content = file.read(FILE_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}") from error
    if len(content) > FILE_BYTES:
        raise ConfigurationError(f"has more than {FILE_BYTES} bytes")
    return content
