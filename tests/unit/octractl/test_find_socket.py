import os
from pathlib import Path

import pytest

from octractl import find_socket
from octractl.errors import OctractlError


def looked_for(monkeypatch: pytest.MonkeyPatch, uid: int, **environment: str) -> str:
    """The place that the error names when there is no socket anywhere."""
    monkeypatch.delenv(find_socket.VARIABLE, raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setattr(os.path, "exists", lambda _: False)
    with pytest.raises(OctractlError) as error:
        find_socket.find_socket(None)
    return str(error.value)


def test_default_is_where_octrad_serves_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = str(tmp_path)
    assert f"{home}/.local/state/octra/octra.sock" in looked_for(monkeypatch, 1000, HOME=home)
    assert f"{home}/state/octra/octra.sock" in looked_for(monkeypatch, 1000, XDG_STATE_HOME=f"{home}/state")


def test_roots_default_is_where_roots_octrad_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_socket, "ROOT_SOCKET", "/nonexistent/octra/octra.sock")
    assert "/nonexistent/octra/octra.sock" in looked_for(monkeypatch, 0)


def test_variable_goes_before_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "/nonexistent/other.sock" in looked_for(monkeypatch, 1000, OCTRA_SOCKET="/nonexistent/other.sock")
