from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octractl.restore.nar import Content, Directory, Entry, File, NarError, Symlink, read_archive

# A node: a file (executable, content), a symlink's target, or a directory.
Leaf = tuple[bool, bytes] | bytes
Node = Leaf | dict[bytes, "Node"]

NAMES = st.binary(min_size=1, max_size=12).filter(lambda n: n not in {b".", b".."} and not set(n) & {0, 47})
LEAVES = st.tuples(st.booleans(), st.binary(max_size=40)) | st.binary(min_size=1, max_size=20).filter(
    lambda t: 0 not in t
)
TREES = st.recursive(LEAVES, lambda children: st.dictionaries(NAMES, children, max_size=4), max_leaves=12)


def string(value: bytes) -> bytes:
    return len(value).to_bytes(8, "little") + value + b"\0" * (-len(value) % 8)


def strings(*values: bytes) -> bytes:
    return b"".join(map(string, values))


def node(tree: Node) -> bytes:
    match tree:
        case dict():
            entries = [(name, tree[name]) for name in sorted(tree)]
            return directory(entries)
        case bytes():
            return strings(b"(", b"type", b"symlink", b"target", tree, b")")
        case (executable, content):
            mark = strings(b"executable", b"") if executable else b""
            return strings(b"(", b"type", b"regular") + mark + strings(b"contents", content, b")")


def directory(entries: Iterable[tuple[bytes, Node]]) -> bytes:
    body = b"".join(strings(b"entry", b"(", b"name", n, b"node") + node(t) + string(b")") for n, t in entries)
    return strings(b"(", b"type", b"directory") + body + string(b")")


def archive(tree: Node) -> bytes:
    return string(b"nix-archive-1") + node(tree)


def rebuild(entries: Iterable[Entry]) -> Node:
    """Puts what was read together again."""
    found: dict[bytes, Node] = {}
    path = b""
    for entry in entries:
        match entry:
            case Content(chunk):
                was = found[path]
                assert isinstance(was, tuple)
                found[path] = (was[0], was[1] + chunk)
            case File(path, executable, _):
                found[path] = (executable, b"")
            case Symlink(path, target):
                found[path] = target
            case Directory(path):
                found[path] = {}
    for place, value in sorted(found.items(), reverse=True):
        if place:
            above, _, name = place.rpartition(b"/")
            parent = found[above]
            assert isinstance(parent, dict)
            parent[name] = value
    return found[b""]


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


@given(TREES, st.integers(1, 64))
def test_reads_back_what_was_written_however_it_is_cut(tree: Node, size: int) -> None:
    assert rebuild(read_archive(cut(archive(tree), size))) == tree


@given(TREES, st.data())
def test_archive_cut_short_is_refused(tree: Node, data: st.DataObject) -> None:
    whole = archive(tree)
    end = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(NarError):
        list(read_archive([whole[:end]]))


@given(TREES, st.data())
def test_damaged_archive_is_refused_or_read_and_nothing_else(tree: Node, data: st.DataObject) -> None:
    damaged = bytearray(archive(tree))
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        entries = list(read_archive([bytes(damaged)]))
    except NarError:
        return
    paths = [entry.path for entry in entries if not isinstance(entry, Content)]
    assert len(paths) == len(set(paths))
    assert not any(part in {b".", b".."} for path in paths for part in path.split(b"/"))


FILE: Leaf = (False, b"x")


@pytest.mark.parametrize(
    "entries",
    [
        [(b"", FILE)],
        [(b".", FILE)],
        [(b"..", FILE)],
        [(b"a/b", FILE)],
        [(b"/etc", FILE)],
        [(b"a\0b", FILE)],
        [(b"a", FILE), (b"a", FILE)],
        [(b"a", b"/etc"), (b"a", {b"passwd": FILE})],
        [(b"b", FILE), (b"a", FILE)],
        [(b"n" * 256, FILE)],
    ],
)
def test_name_that_could_write_elsewhere_is_refused(entries: list[tuple[bytes, Node]]) -> None:
    with pytest.raises(NarError):
        list(read_archive([string(b"nix-archive-1") + directory(entries)]))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        string(b"nix-archive-2") + node(FILE),
        archive(FILE) + b"\0",
        archive(FILE)[:-9] + b"\1" + archive(FILE)[-8:],
        archive(FILE).replace(b"x" + b"\0" * 7, b"x" + b"\0" * 6 + b"\1"),
        string(b"nix-archive-1") + strings(b"(", b"type", b"socket", b")"),
        string(b"nix-archive-1") + (2**63).to_bytes(8, "little"),
        archive({b"a": b"t" * 5000}),
    ],
)
def test_malformed_archive_is_refused(data: bytes) -> None:
    with pytest.raises(NarError):
        list(read_archive([data]))


def test_depth_is_bounded_without_recursion() -> None:
    tree: Node = FILE
    for _ in range(150):
        tree = {b"d": tree}
    assert sum(isinstance(entry, Directory) for entry in read_archive([archive(tree)])) == 150
    opening = strings(b"(", b"type", b"directory", b"entry", b"(", b"name", b"d", b"node")
    with pytest.raises(NarError, match="deeper"):
        list(read_archive([string(b"nix-archive-1") + opening * 3000]))
