"""The library of rules: detect-secrets, asked for single matches and nothing else.

Nothing of it ever asks over the network whether a key is in use: that is in other methods, which are not called. It
brings what opens connections, so it is loaded by the first search that needs it, and only in the runner.
"""

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from octrad.runner.server.secrets.rules import LIBRARY_RULES

if TYPE_CHECKING:
    from detect_secrets.plugins.base import RegexBasedDetector


@dataclass(frozen=True, slots=True)
class LibraryRule:
    """One detector of the library, and what narrows it (None: nothing has to)."""

    detector: "RegexBasedDetector"
    narrowed: re.Pattern[str] | None

    @property
    def name(self) -> str:
        """What the library calls what it finds."""
        return self.detector.secret_type

    def find(self, text: str) -> Iterator[int]:
        """Yields where in the text a secret begins."""
        patterns = [self.narrowed] if self.narrowed else self.detector.denylist
        for pattern in patterns:
            for match in pattern.finditer(text):
                if any(True for _ in self.detector.analyze_string(match[0])):
                    yield match.start()


@cache
def load_library() -> tuple[LibraryRule, ...]:
    """Loads the detectors that are asked, once: it takes a moment."""
    return tuple(LibraryRule(_detector(name), narrowed) for name, narrowed in LIBRARY_RULES.items())


def _detector(name: str) -> "RegexBasedDetector":
    module, _, kind = name.rpartition(".")
    detector: RegexBasedDetector = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), kind)()
    return detector
