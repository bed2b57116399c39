"""Brings in LiteLLM: 2.3 s and 200 MB, so not before the process can be reached, and not in its event loop.

The import begins in a thread as soon as the gateway serves. A call that comes sooner is accepted, spooled and waits
for it; that wait counts for none of its timeouts.
"""

import asyncio
import gc
import logging
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from octrad.foundation.errors import ConfigurationError
from octrad.gateway.server.price_replies import price_only_what_has_a_price

# Read by LiteLLM: take prices and Anthropic's beta headers from the package rather than from the network, and do not
# load a `.env` file from wherever we stand.
_ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "WARNING",
    # It takes a stream with so many equal pieces for a model that has lost its way, but a file may well be like that;
    # the limit of tokens ends the others.
    "REPEATED_STREAMING_CHUNK_LIMIT": "1000000000",
    # OpenAI's protocol through the HTTP path of all other providers, in place of the openai client: that takes 0.5 ms
    # more of a call, and a millisecond more for every three messages, which it looks through for Python's own types.
    "EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER": "True",
}
# It would trust certifi's authorities only; those of the machine are what its administrator trusts.
_SYSTEM_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
# At DEBUG they print whole prompts and headers.
_LOUD = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "openai", "httpx", "httpcore", "aiohttp")


class LazyLiteLLM:
    """The module, once it is there."""

    def __init__(self) -> None:
        self._import: asyncio.Task[ModuleType] | None = None

    def start(self) -> None:
        """Begins the import, unless it has begun."""
        if self._import is None:
            self._import = asyncio.create_task(asyncio.to_thread(_import_litellm))

    async def module(self) -> ModuleType:
        """Returns the module; waits for it where it must.

        Raises:
            ConfigurationError: it is not installed, or broken.
        """
        self.start()
        assert self._import is not None  # noqa: S101 - for the type checker
        # A call that is cancelled must not cancel the import of the others.
        return await asyncio.shield(self._import)


def _import_litellm() -> ModuleType:
    os.environ.update(_ENVIRONMENT)
    # It would have tokenizers looked for there, and fetched, in place of those that LiteLLM brings.
    os.environ.pop("CUSTOM_TIKTOKEN_CACHE_DIR", None)
    if _SYSTEM_AUTHORITIES.exists():
        os.environ.setdefault("SSL_CERT_FILE", str(_SYSTEM_AUTHORITIES))
    try:
        with _garbage_left_alone():
            import litellm  # noqa: PLC0415 - the reason for this module
    except ImportError as error:
        raise ConfigurationError(f"LiteLLM cannot be imported: {error}", hint="install octra's requirements") from error
    litellm.suppress_debug_info = True  # else it prints advertisements on standard output
    litellm.disable_hf_tokenizer_download = True
    litellm.telemetry = False
    litellm.drop_params = False
    for name in _LOUD:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        # Its own handlers go past ours, which take out the keys.
        logger.handlers.clear()
        logger.propagate = True
    _silence_callbacks()
    _silence_stream_callbacks()
    _prepare_requests_at_once()
    _price_only_what_has_a_price()
    _ask_no_server_of_its_models()
    _look_for_no_cookies()
    _guard_replies()
    return litellm


@contextmanager
def _garbage_left_alone() -> Iterator[None]:
    """Keeps the collector from walking again and again through what is being made and stays: a fifth of the import."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
    gc.freeze()


def _silence_callbacks() -> None:
    """Drops the payload that LiteLLM makes of each reply for logging services: 1.7 ms of CPU a call, read by nobody.

    It has no switch for that. Costs do not come from it.
    """
    from litellm.litellm_core_utils.logging_worker import GLOBAL_LOGGING_WORKER  # noqa: PLC0415 - as above

    def drop(async_coroutine: Coroutine[object, object, object]) -> None:
        async_coroutine.close()

    GLOBAL_LOGGING_WORKER.ensure_initialized_and_enqueue = drop  # type: ignore[method-assign]  # on purpose


def _silence_stream_callbacks() -> None:
    """The same for streams, which go past that queue.

    For Ollama their payload is even made with a request of its own to the server, from within the event loop, which
    stands still until it is answered.
    """
    from litellm.litellm_core_utils.litellm_logging import Logging  # noqa: PLC0415 - as above
    from litellm.litellm_core_utils.streaming_handler import CustomStreamWrapper  # noqa: PLC0415 - as above

    async def skip(self: object, *args: object, **kwargs: object) -> None:
        pass

    # It copies all that has come with every piece, to show it to rules that nobody has.
    CustomStreamWrapper.response_uptil_now = property(lambda _: "", lambda _, text: None)  # type: ignore[assignment]  # noqa: ARG005 - on purpose
    Logging.dispatch_success_handlers = skip  # type: ignore[method-assign]  # on purpose
    Logging.dispatch_failure_handlers = skip  # type: ignore[method-assign]  # on purpose
    CustomStreamWrapper._record_partial_usage_for_failure = lambda self: None  # type: ignore[method-assign]  # noqa: ARG005, SLF001 - on purpose


def _prepare_requests_at_once() -> None:
    """Has LiteLLM prepare a request where it was asked for, and not in a thread that the event loop waits for.

    There is nothing to wait for in it: it ends with a coroutine, which asks the provider. The thread only takes turns
    with the event loop, for half a millisecond a call.
    """
    import litellm.main  # noqa: PLC0415 - as above

    class _Loop:
        """The event loop, as far as `acompletion` and `aembedding` use it."""

        async def run_in_executor(self, executor: None, prepare: Callable[[], object]) -> object:  # noqa: ARG002 - as it is called
            return prepare()

    class _Asyncio:
        get_event_loop = _Loop

        def __getattr__(self, name: str) -> object:
            return getattr(asyncio, name)

    litellm.main.asyncio = _Asyncio()  # type: ignore[attr-defined,assignment]  # on purpose


def _price_only_what_has_a_price() -> None:
    """Spares models without a price the search for it."""
    from litellm.litellm_core_utils.litellm_logging import Logging  # noqa: PLC0415 - as above

    price_only_what_has_a_price(Logging)


def _ask_no_server_of_its_models() -> None:
    """Keeps LiteLLM from asking what it is that it asks: twice before each request to an Ollama, and after it.

    It asks at Ollama's own port, whatever our server is, so perhaps a stranger; waits as long as that one likes, and
    after the reply with the event loop, which stands still. All that it would find out we say ourselves or do not want.
    """
    from litellm.llms.ollama.common_utils import OllamaModelInfo  # noqa: PLC0415 - as above

    def know_nothing(self: object, *args: object, **kwargs: object) -> None:
        pass

    OllamaModelInfo.get_model_info = know_nothing  # type: ignore[method-assign]  # on purpose


def _look_for_no_cookies() -> None:
    """Spares each reply the search for cookies: a twentieth of the CPU of a call, and LiteLLM's jar takes none."""
    import httpx  # noqa: PLC0415 - as above

    httpx.Cookies.extract_cookies = lambda self, response: None  # type: ignore[method-assign]  # noqa: ARG005 - on purpose


def _guard_replies() -> None:
    """Bounds what providers may send, in the transport that all of LiteLLM's clients share."""
    from litellm.llms.custom_httpx.aiohttp_transport import LiteLLMAiohttpTransport  # noqa: PLC0415 - as above

    from octrad.gateway.server.guard_replies import guard_replies  # noqa: PLC0415 - it brings in httpx

    guard_replies(LiteLLMAiohttpTransport)
