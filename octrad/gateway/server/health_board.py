"""What this gateway knows of its providers' health, shared by all questions: the state around `provider_health`."""

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator

from octrad.gateway.calls import Mark
from octrad.gateway.server import provider_health
from octrad.gateway.server.classify_failure import Failure
from octrad.gateway.server.provider_health import Asked, Health, changed_mark, note_mark
from octrad.gateway.server.provider_keys import key_path
from octrad.gateway.server.providers import Target


class HealthBoard:
    """Notes how requests went and says who is not to be asked.

    Args:
        clock: Unix seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._healths: dict[str, Health] = {}

    def mark_of(self, target: Target) -> Mark | None:
        """Why a model is not to be asked now; None when it may be."""
        return provider_health.mark_of(self._health(target.provider), _asked(target), self._clock())

    def take(self, marks: Iterable[Mark]) -> None:
        """Notes what others found out."""
        for mark in marks:
            self._healths[mark.provider] = note_mark(self._health(mark.provider), mark)

    @contextlib.contextmanager
    def request(self, target: Target) -> Iterator[None]:
        """Around each request, however it ends."""
        self._healths[target.provider] = provider_health.begin(self._health(target.provider))
        try:
            yield
        finally:
            self._healths[target.provider] = provider_health.end(self._health(target.provider))

    def note_answer(self, target: Target) -> Mark | None:
        """Notes that the model answered; returns the mark that this took away."""
        asked, now = _asked(target), self._clock()
        return self._change(asked, now, lambda health: provider_health.note_answer(health, asked, now))

    def note_failure(self, target: Target, failure: Failure, *, left: bool) -> Mark | None:
        """Notes a failure; `left` says that the model is not asked again at once. Returns the mark that it brought."""
        asked, now = _asked(target), self._clock()

        def note(health: Health) -> Health:
            return provider_health.note_failure(health, failure, asked, now, left=left)

        return self._change(asked, now, note)

    def _change(self, asked: Asked, now: float, note: Callable[[Health], Health]) -> Mark | None:
        before = self._health(asked.provider)
        after = self._healths[asked.provider] = note(before)
        return changed_mark(before, after, asked, now)

    def _health(self, provider: str) -> Health:
        return self._healths.get(provider, Health())


def _asked(target: Target) -> Asked:
    return Asked(target.provider, target.name, fingerprint_of(target))


def fingerprint_of(target: Target) -> str:
    """Another one whenever the key file or the configuration of the provider changed. Says nothing of the key."""
    protocol = target.litellm_model.partition("/")[0]
    parts = [protocol, target.base_url, str(target.key_file or "")]
    if target.key_file is not None:
        with contextlib.suppress(OSError):
            found = key_path(target.key_file).stat()
            parts += [str(found.st_mtime_ns), str(found.st_size)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
