"""The seven servers of local models that are looked for: where each listens, and how it says what it has loaded. Pure.

A model that would first have to be loaded is none of ours to load: that takes minutes and the machine's memory. What is
not sure to be the server that it is taken for, or to compute on this machine, is left out.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

MOST_MODELS = 16
MOST_NAME_CHARACTERS = 200
# Of models that only make vectors, in Ollama's words for their architecture.
_VECTORS_ONLY = "bert"


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that a server has in memory. Zero tokens mean that it does not say."""

    name: str
    context_tokens: int = 0


@dataclass(frozen=True, slots=True)
class KnownServer:
    """One kind of server.

    Args:
        provider: what its models are named by: `PROVIDER/MODEL`.
        title: its own name.
        port: where it listens unless it is told otherwise.
        path: what answers what is loaded.
        read: finds the models in that answer.
        kind: how it is asked, in the words of the configuration.
        api: the path of its API, which goes into the base URL.
    """

    provider: str
    title: str
    port: int
    path: str
    read: Callable[[Any], Iterator[LoadedModel]]
    kind: Literal["ollama", "openai-compatible"] = "openai-compatible"
    api: str = "/v1"

    @property
    def base_url(self) -> str:
        """Where it is asked."""
        return f"http://127.0.0.1:{self.port}{self.api}"


def loaded_models(server: KnownServer, answer: Any) -> tuple[LoadedModel, ...]:  # any JSON value
    """Returns the models that an answer says are loaded, in its order; none where something else answered."""
    found = [model for model in server.read(answer) if _is_name(model.name) and not _is_elsewhere(model.name)]
    return tuple(dict.fromkeys(found))[:MOST_MODELS]


def _is_name(name: str) -> bool:
    return 0 < len(name) <= MOST_NAME_CHARACTERS and name.isprintable()


def _is_elsewhere(name: str) -> bool:
    """Whether a name is one that Ollama passes on to its makers' machines."""
    tag = name.rpartition(":")[2]
    return tag == "cloud" or tag.endswith("-cloud")


def _of_ollama(answer: Any) -> Iterator[LoadedModel]:
    for entry in _entries(answer, "models"):
        family = _object(entry.get("details")).get("family")
        is_remote = bool(entry.get("remote_host") or entry.get("remote_model"))
        if not is_remote and _VECTORS_ONLY not in str(family):
            yield LoadedModel(_text(entry.get("name")), _tokens(entry.get("context_length")))


def _of_lm_studio(answer: Any) -> Iterator[LoadedModel]:
    for entry in _entries(answer, "data"):
        if entry.get("state") == "loaded" and entry.get("type") in {"llm", "vlm"}:
            context = entry.get("loaded_context_length") or entry.get("max_context_length")
            yield LoadedModel(_text(entry.get("id")), _tokens(context))


def _of_text_generation_webui(answer: Any) -> Iterator[LoadedModel]:
    name = _text(_object(answer).get("model_name"))
    if name != "None":
        yield LoadedModel(name)


def _owned_by(owner: str) -> Callable[[Any], Iterator[LoadedModel]]:
    """Reads a list of models in OpenAI's form, of which only those of one owner are the server's own."""

    def read(answer: Any) -> Iterator[LoadedModel]:
        for entry in _entries(answer, "data"):
            # llama.cpp's router also lists what it could load.
            status = _object(entry.get("status")).get("value", "loaded")
            if entry.get("owned_by") == owner and status == "loaded":
                context = entry.get("max_model_len") or _object(entry.get("meta")).get("n_ctx")
                yield LoadedModel(_text(entry.get("id")), _tokens(context))

    return read


def _of_gpt4all(answer: Any) -> Iterator[LoadedModel]:
    # Its list also has models of remote providers, which are no files of weights.
    return (model for model in _owned_by("humanity")(answer) if model.name.endswith(".gguf"))


SERVERS = (
    KnownServer("local-ollama", "Ollama", 11434, "/api/ps", _of_ollama, kind="ollama", api=""),
    KnownServer("local-lm-studio", "LM Studio", 1234, "/api/v0/models", _of_lm_studio),
    KnownServer("local-llama-cpp", "llama.cpp", 8080, "/v1/models", _owned_by("llamacpp")),
    KnownServer("local-jan", "Jan", 1337, "/v1/models", _owned_by("user")),
    KnownServer("local-gpt4all", "GPT4All", 4891, "/v1/models", _of_gpt4all),
    KnownServer("local-vllm", "vLLM", 8000, "/v1/models", _owned_by("vllm")),
    KnownServer(
        "local-text-generation-webui",
        "text-generation-webui",
        5000,
        "/v1/internal/model/info",
        _of_text_generation_webui,
    ),
)


def _entries(answer: Any, key: str) -> Iterator[Mapping[str, Any]]:
    entries = _object(answer).get(key)
    return (entry for entry in (entries if isinstance(entries, list) else []) if isinstance(entry, dict))


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _tokens(value: Any) -> int:
    return value if isinstance(value, int) and 0 < value < 1 << 31 else 0
