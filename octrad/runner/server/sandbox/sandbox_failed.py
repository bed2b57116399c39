"""The error of everything that goes wrong around a command, as opposed to in it."""

from octrad.foundation.errors import OctraError


class SandboxFailedError(OctraError):
    """The sandbox itself could not be set up, or not be cleared away."""

    code = "sandbox_failed"
