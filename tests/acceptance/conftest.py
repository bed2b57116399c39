"""One rehearsal and one daemon for the scenarios that leave both as they were."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.small_repository import make_small_repository
from tests.daemon import House, Rehearsal, config_for, house


@pytest.fixture(scope="session")
def rehearsal() -> Iterator[Rehearsal]:
    server = Rehearsal()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def daemon(rehearsal: Rehearsal) -> Iterator[House]:
    with house(config_for(rehearsal)) as started:
        yield started


@pytest.fixture
def own_daemon(rehearsal: Rehearsal) -> Iterator[House]:
    """A daemon of the test's own, to be killed or filled."""
    with house(config_for(rehearsal)) as started:
        yield started


@pytest.fixture
def small_repository(tmp_path: Path) -> Path:
    """What the scenario `change-repository` changes."""
    return make_small_repository(tmp_path / "repository")
