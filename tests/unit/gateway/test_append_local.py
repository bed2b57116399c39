import pytest

from octrad.foundation.config import Config, parse_config
from octrad.gateway.server.local.append_local import append_local
from octrad.gateway.server.local.find_servers import FoundServer
from octrad.gateway.server.local.known_servers import SERVERS, LoadedModel
from octrad.gateway.server.providers import resolve_chain

OLLAMA, LM_STUDIO = SERVERS[0], SERVERS[1]
FOUND = (
    FoundServer(OLLAMA, (LoadedModel("qwen3:8b", 8192),)),
    FoundServer(LM_STUDIO, refusal="somebody else's"),
    FoundServer(SERVERS[2], (LoadedModel("/models/a.gguf"),)),
)
MINE = '[models]\nchain = ["mine/qwen3:8b"]\n[providers.mine]\nkind = "{}"\n'
LOCAL = ("local-ollama/qwen3:8b", "local-llama-cpp//models/a.gguf")


def test_local_models_alone_are_the_chain_where_there_is_none() -> None:
    extended = append_local(Config(), FOUND)
    assert extended.models.chain == LOCAL
    ollama, llama_cpp = resolve_chain(extended, ())
    assert (ollama.litellm_model, ollama.base_url) == ("ollama_chat/qwen3:8b", "http://127.0.0.1:11434")
    assert (llama_cpp.litellm_model, llama_cpp.base_url) == ("openai//models/a.gguf", "http://127.0.0.1:8080/v1")
    assert not ollama.needs_key
    assert not ollama.priced


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[models]\nchain = ["openai/gpt-4.1"]\n[providers.openai]\nkind = "openai"',
            ("openai/gpt-4.1", *LOCAL),
        ),
        # What is configured already is not asked twice.
        (
            MINE.format("ollama"),
            ("mine/qwen3:8b", LOCAL[1]),
        ),
        (
            MINE.format("openai-compatible") + 'base_url = "http://localhost:11434/v1"',
            ("mine/qwen3:8b", LOCAL[1]),
        ),
        # Another machine's is another model.
        (
            '[models]\nchain = ["far/qwen3:8b"]\n[providers.far]\nkind = "ollama"\nbase_url = "http://far:11434"',
            ("far/qwen3:8b", *LOCAL),
        ),
        # A name that somebody gave goes before ours.
        (
            '[models]\nchain = ["local-ollama/x"]\n[providers.local-ollama]\nkind = "openai"',
            ("local-ollama/x", LOCAL[1]),
        ),
        # A rehearsal stays one.
        (
            '[models]\nchain = ["r/x"]\n[providers.r]\nkind = "rehearsal"\nbase_url = "http://127.0.0.1:4999/v1"',
            ("r/x",),
        ),
        # What is wrong stays as it is, to be told to whoever asks it.
        ('[models]\nchain = ["nobody/x"]', ("nobody/x", *LOCAL)),
    ],
)
def test_local_models_come_behind_what_is_configured(text: str, expected: tuple[str, ...]) -> None:
    config = parse_config(text)
    extended = append_local(config, FOUND)
    assert extended.models.chain == expected
    assert set(config.providers) <= set(extended.providers)


def test_local_models_come_behind_the_chain_of_a_role_as_well() -> None:
    config = parse_config('[models]\nchain = ["o/x"]\nroles.worker = ["o/y"]\n[providers.o]\nkind = "openai"')
    models = append_local(config, FOUND).models
    assert (models.chain_of("worker"), models.chain_of("boss")) == (("o/y", *LOCAL), ("o/x", *LOCAL))
    assert models.roles.boss == ()


def test_nothing_found_changes_nothing() -> None:
    config = parse_config('[models]\nchain = ["openai/x"]\n[providers.openai]\nkind = "openai"')
    assert append_local(config, ()) == config
