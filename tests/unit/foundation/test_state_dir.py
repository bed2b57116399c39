"""Where the state is when nobody says so."""

import os
from pathlib import Path

import pytest

from octrad.foundation.state_dir import default_state_dir


@pytest.fixture(autouse=True)
def _ordinary_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE_DIRECTORY", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/alice")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


def test_state_of_a_user_is_below_the_home() -> None:
    assert default_state_dir() == Path("/home/alice/.local/state/octra")


def test_state_of_a_service_is_where_systemd_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/octra:/var/lib/other")
    assert default_state_dir() == Path("/var/lib/octra")


def test_a_user_without_a_home_has_a_default_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """As systemd's dynamic users are: in no database, with no $HOME."""
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 61234)
    assert default_state_dir() == Path("/var/lib/octra")
