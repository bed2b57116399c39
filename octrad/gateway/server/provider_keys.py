"""Provider keys: read from files at the moment of use, never logged, struck out of every text that leaves."""

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import SecretStr

from octrad.foundation.errors import ConfigurationError
from octrad.gateway.server.providers import Target
from octrad.gateway.server.strike_out import SHORTEST, strike_out

# A provider that asks for no key still gets one, because the client libraries would take one from the environment.
NO_KEY = SecretStr("none")


class ProviderKeys:
    """Reads keys and remembers each that it read, so that it can be struck out of texts."""

    def __init__(self) -> None:
        self._read: set[str] = set()

    def key_of(self, target: Target) -> SecretStr:
        """Returns the key of a provider. Read each time, so that a key can be changed without a restart.

        Raises:
            ConfigurationError: the file is not named, cannot be read, or is empty.
        """
        if target.key_file is None:
            if target.needs_key:
                message = f"no key for {target.name}: providers.{target.provider}.key_file is not set"
                raise ConfigurationError(message, hint="name a file that holds the key and nothing else")
            return NO_KEY
        key = _read(target.key_file, target)
        if len(key) >= SHORTEST:
            self._read.add(key)
        return SecretStr(key)

    def strike_out(self, text: str) -> str:
        """Returns the text without any key that was read so far."""
        for key in self._read:
            text = strike_out(text, key)
        return text


def key_path(path: Path) -> Path:
    """Where a key file is: a relative one is a systemd credential, where there are any."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY", "")
    return Path(directory) / path if directory and not path.is_absolute() else path


def _read(path: Path, target: Target) -> str:
    try:
        key = key_path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        message = f"no key for {target.name}: cannot read {path} (providers.{target.provider}.key_file): {reason}"
        raise ConfigurationError(message, hint="the file must hold the key and be readable by the gateway") from error
    if not key:
        raise ConfigurationError(f"no key for {target.name}: {path} is empty", hint="put the key into it")
    return key


class StrikeOutFilter(logging.Filter):
    """Takes keys out of log records, tracebacks included."""

    def __init__(self, keys: ProviderKeys) -> None:
        super().__init__()
        self._keys = keys
        self._formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites the record and lets it pass."""
        record.msg, record.args = self._keys.strike_out(record.getMessage()), None
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = self._keys.strike_out(self._formatter.formatException(record.exc_info))
            record.exc_info = None
        return True


def strike_out_of_logs(keys: ProviderKeys, handlers: Iterable[logging.Handler]) -> None:
    """Puts the filter before each handler, whoever logs."""
    for handler in handlers:
        handler.addFilter(StrikeOutFilter(keys))
