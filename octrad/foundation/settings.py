"""The configuration in effect, which a reload replaces whole: whoever begins something reads it from here."""

from collections.abc import Callable, Sequence
from pathlib import Path

from octrad.foundation.config import Config, parse_config, read_config
from octrad.foundation.config_changes import changed_fixed_keys, keep_fixed


class Settings:
    """What one process goes by.

    Args:
        config: what is in effect at first.
        path: the file that a reload reads; None for the defaults, which never change.
        fixed: what cannot change while this process runs, as sections (`database`) or keys (`limits.tasks_at_once`).
        check: raises ConfigurationError for what only this process can know to be wrong.
    """

    def __init__(
        self,
        config: Config,
        path: Path | None = None,
        *,
        fixed: Sequence[str] = (),
        check: Callable[[Config], object] = lambda _: None,
    ) -> None:
        self._config = config
        self._text = ""
        self._path = path
        self._fixed = tuple(fixed)
        self._check = check

    @classmethod
    def load(
        cls, path: Path | None, *, fixed: Sequence[str] = (), check: Callable[[Config], object] = lambda _: None
    ) -> "Settings":
        """What the file says.

        Raises:
            ConfigurationError: it is not valid; every fault is named.
        """
        settings = cls(Config(), path, fixed=fixed, check=check)
        settings._config, settings._text = settings._read()
        return settings

    @property
    def text(self) -> str:
        """The file as it was when it was accepted."""
        return self._text

    @property
    def current(self) -> Config:
        """The configuration in effect now."""
        return self._config

    def reload(self) -> tuple[str, ...]:
        """Reads the file again; returns the keys whose new values need a restart. The rest is in effect.

        Raises:
            ConfigurationError: it is not valid; the former one stays in effect, all of it.
        """
        read, text = self._read()
        waiting = changed_fixed_keys(self._config, read, self._fixed)
        self._config, self._text = keep_fixed(self._config, read, self._fixed), text
        return waiting

    def _read(self) -> tuple[Config, str]:
        text = read_config(self._path)
        config = parse_config(text, self._path)
        self._check(config)
        return config, text
