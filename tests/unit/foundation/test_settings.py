from pathlib import Path

import pytest

from octrad.foundation.config import Config, parse_config
from octrad.foundation.errors import ConfigurationError
from octrad.foundation.settings import Settings

FIXED = ("database", "limits.tasks_at_once")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "octrad.toml"
    path.write_text('[database]\ndsn = "one"\n[limits]\ntasks_at_once = 1\nfix_rounds = 1\n', encoding="utf-8")
    return path


def test_a_reload_replaces_what_may_change_and_names_what_may_not(file: Path) -> None:
    settings = Settings.load(file, fixed=FIXED)
    text = '[database]\ndsn = "two"\n[limits]\ntasks_at_once = 2\nfix_rounds = 2\n'
    file.write_text(text, encoding="utf-8")
    assert settings.reload() == ("database.dsn", "limits.tasks_at_once")
    assert settings.text == text
    now = settings.current
    assert (now.database.dsn, now.limits.tasks_at_once, now.limits.fix_rounds) == ("one", 1, 2)
    assert settings.reload() == ("database.dsn", "limits.tasks_at_once"), "it is said as long as it is so"


def test_a_reload_without_a_change_changes_nothing(file: Path) -> None:
    settings = Settings.load(file, fixed=FIXED)
    before = settings.current
    assert settings.reload() == ()
    assert settings.current == before


@pytest.mark.parametrize("text", ["[limits\n", "[limits]\nfix_rounds = 2\nno_such_key = 1\n", None])
def test_a_wrong_file_leaves_everything_as_it_was(file: Path, text: str | None) -> None:
    settings = Settings.load(file, fixed=FIXED)
    before = settings.current, settings.text
    file.unlink() if text is None else file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"octrad\.toml"):
        settings.reload()
    assert (settings.current, settings.text) == before


def test_what_only_the_process_can_know_is_checked_at_the_start_and_at_each_reload(file: Path) -> None:
    def check(config: Config) -> None:
        if config.limits.fix_rounds > 1:
            raise ConfigurationError("`limits.fix_rounds`: too many")

    settings = Settings.load(file, check=check)
    file.write_text("[limits]\nfix_rounds = 2\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="too many"):
        settings.reload()
    assert settings.current.limits.fix_rounds == 1
    with pytest.raises(ConfigurationError, match="too many"):
        Settings.load(file, check=check)


def test_without_a_file_there_are_the_defaults() -> None:
    settings = Settings.load(None, fixed=FIXED)
    assert settings.reload() == ()
    assert settings.current == Config()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[snapshots]\nroots_dir = "roots"\n', "`snapshots.roots_dir`: `roots` is not an absolute path"),
        ("[snapshots]\nretention_days = 0\n", "`snapshots.retention_days`: "),
        ("[nix]\nenvironment_retention_days = 0\n", "`nix.environment_retention_days`: "),
        ("[limits]\naudit_retention_days = -1\n", "`limits.audit_retention_days`: "),
    ],
)
def test_a_retention_or_a_place_that_means_nothing_is_refused_by_name(text: str, fault: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_config(text)
    assert fault in caught.value.message


def test_without_a_word_snapshots_are_kept_for_ever() -> None:
    config = parse_config('[snapshots]\nroots_dir = "/nix/var/nix/gcroots/octra"\n')
    assert (config.snapshots.retention_days, config.snapshots.roots_dir) == (None, Path("/nix/var/nix/gcroots/octra"))
