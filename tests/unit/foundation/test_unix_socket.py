import os
import socket
from pathlib import Path

import pytest

from octrad.foundation.errors import ConfigurationError
from octrad.foundation.unix_socket import MAX_SOCKET_PATH_BYTES, answers, private_socket_directory, private_socket_path


def test_short_path_lies_where_it_belongs(tmp_path: Path) -> None:
    assert private_socket_path(tmp_path / "gateway", "gateway.sock") == tmp_path / "gateway" / "gateway.sock"


def test_deep_path_moves_to_a_private_short_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime := Path(f"/tmp/octra-test-{os.getpid()}")))
    runtime.mkdir(mode=0o700)
    deep = tmp_path.joinpath(*["deep-directory"] * 8)
    path = private_socket_path(deep, "gateway.sock")
    try:
        assert len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES
        assert path.parent.parent == runtime
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert path == private_socket_path(deep, "gateway.sock")
        assert path.parent != private_socket_path(deep / "other", "gateway.sock").parent
        path.parent.chmod(0o755)
        with pytest.raises(ConfigurationError, match="not a private directory"):
            private_socket_directory(deep, 12)
    finally:
        for child in runtime.iterdir():
            child.rmdir()
        runtime.rmdir()


def test_only_a_listening_socket_answers(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    assert not answers(path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        assert not answers(path)
        listener.listen(1)
        assert answers(path)
    assert not answers(path)
