"""One rehearsal and one daemon for the tests that leave both as they were."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.rehearsed import write_scenarios
from tests.acceptance.small_repository import make_small_repository
from tests.daemon import House, Rehearsal, config_for, house


@pytest.fixture(scope="session")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    server = Rehearsal(write_scenarios(tmp_path_factory.mktemp("scenarios")))
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


@pytest.fixture(scope="session")
def victim(rehearsal: Rehearsal) -> Iterator[House]:
    """A daemon to be killed and started again by one test after the other; each leaves it running."""
    with house(config_for(rehearsal)) as started:
        yield started


@pytest.fixture
def small_repository(tmp_path: Path) -> Path:
    """What the scenario `change-repository` changes."""
    return make_small_repository(tmp_path / "repository")
