"""What a client sends of a repository becomes the files that a prompt would show."""

from octra_proto.v1 import audit_pb2
from octrad.api.audit_models import work_of


def file(path: str, content: bytes | None = None, size_bytes: int = 0, **fields: bool) -> audit_pb2.RepositoryFile:
    size = len(content) if content is not None else size_bytes
    return audit_pb2.RepositoryFile(path=path, size_bytes=size, content=content, **fields)


def test_contents_are_shown_as_a_run_shows_them() -> None:
    files = [
        file("a.py", b"print(1)"),
        file("b.png", b"\x89PNG"),
        file("c.bin", b"a\0b"),
        file("link", b"a.py", is_symlink=True),
    ]
    work = work_of(audit_pb2.AuditModelsRequest(request="go on", files=files))
    assert "print(1)" in work.shown
    assert [name in work.shown for name in ("a.py", "b.png", "c.bin", "link")] == [True, False, False, False]
    assert [one.kind for one in work.files] == ["file", "file", "file", "symlink"]


def test_text_of_its_size_stands_in_for_a_file_without_content() -> None:
    shown = work_of(audit_pb2.AuditModelsRequest(files=[file("a.py", size_bytes=20_000)])).shown
    assert 20_000 <= len(shown) < 20_100
    assert "20000" not in work_of(audit_pb2.AuditModelsRequest(files=[file("a.py", size_bytes=30_000)])).shown


def test_nothing_is_shown_of_no_repository() -> None:
    assert work_of(audit_pb2.AuditModelsRequest(request="x")).shown == "No file has contents worth showing."
