import logging
from pathlib import Path

import pytest

from octrad.foundation.config import parse_config
from octrad.foundation.errors import ConfigurationError
from octrad.gateway.calls import Message
from octrad.gateway.server.prices import cost_of, facts_of
from octrad.gateway.server.provider_keys import NO_KEY, ProviderKeys, StrikeOutFilter
from octrad.gateway.server.providers import NO_MODEL_HINT, resolve, resolve_chain
from octrad.gateway.server.question_messages import with_repair, with_schema

CONFIG = parse_config(
    """
[providers.anthropic]
kind = "anthropic"
[providers.work]
kind = "openai-compatible"
base_url = "http://127.0.0.1:8000/v1"
[providers.openai]
kind = "openai"
[providers.ollama]
kind = "ollama"
[providers.nourl]
kind = "openai-compatible"
"""
)


@pytest.mark.parametrize(
    ("name", "litellm_model", "base_url"),
    [
        ("anthropic/claude-sonnet-4-5", "anthropic/claude-sonnet-4-5", "https://api.anthropic.com"),
        ("openai/gpt-4o", "openai/gpt-4o", "https://api.openai.com/v1"),
        ("work/org/model", "openai/org/model", "http://127.0.0.1:8000/v1"),
        ("ollama/qwen3:8b", "ollama_chat/qwen3:8b", "http://127.0.0.1:11434"),
    ],
)
def test_name_becomes_what_litellm_wants(name: str, litellm_model: str, base_url: str) -> None:
    target = resolve(CONFIG, name)
    assert (target.name, target.litellm_model, target.base_url) == (name, litellm_model, base_url)


@pytest.mark.parametrize("name", ["gpt-4o", "openai/", "/x", "nosuch/x", "nourl/x"])
def test_wrong_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError):
        resolve(CONFIG, name)


def test_no_model_says_how() -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve_chain(CONFIG, ())
    assert caught.value.hint == NO_MODEL_HINT


def test_each_example_of_the_hint_is_a_valid_configuration() -> None:
    examples = NO_MODEL_HINT.split("[models]")[1:]
    for example in examples:
        text = "\n".join(line for line in ("[models]" + example).splitlines() if not line.strip().startswith("#"))
        assert resolve_chain(parse_config(text), ())


def test_key_is_read_stripped_and_struck_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("sk-0123456789\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    config = parse_config('[providers.a]\nkind = "anthropic"\nkey_file = "key"')
    keys = ProviderKeys()
    assert keys.key_of(resolve(config, "a/x")).get_secret_value() == "sk-0123456789"
    assert keys.strike_out("wrong key: sk-0123456789!") == "wrong key: [key]!"
    assert keys.strike_out("cut within: sk-01234567") == "cut within: [key]"
    assert keys.key_of(resolve(CONFIG, "ollama/x")) == NO_KEY
    (tmp_path / "key").write_text(" \n")
    with pytest.raises(ConfigurationError, match="is empty"):
        keys.key_of(resolve(config, "a/x"))
    with pytest.raises(ConfigurationError, match="key_file is not set"):
        keys.key_of(resolve(CONFIG, "anthropic/x"))


def test_log_records_and_tracebacks_lose_keys(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("sk-0123456789")
    keys = ProviderKeys()
    keys.key_of(resolve(parse_config(f'[providers.a]\nkind = "anthropic"\nkey_file = "{path}"'), "a/x"))
    with pytest.raises(ValueError, match="sk-") as caught:
        raise ValueError("sk-0123456789")
    info = (caught.type, caught.value, caught.tb)
    record = logging.LogRecord("n", logging.ERROR, "p", 1, "key %s", ("sk-0123456789",), info)
    assert StrikeOutFilter(keys).filter(record)
    text = logging.Formatter().format(record)
    assert "sk-0123456789" not in text
    assert text.startswith("key [key]\nTraceback")


def test_prices_come_from_the_package_and_the_configuration_wins() -> None:
    gpt = resolve(CONFIG, "openai/gpt-4o")
    assert facts_of(gpt, {}).input_usd_per_million == 2.5
    assert facts_of(gpt, {"openai/gpt-4o": (1.0, 2.0)}).input_usd_per_million == 1.0
    assert cost_of(gpt, {}, tokens=(10, 10), reported_usd=0.5) == 0.5
    assert cost_of(gpt, {"openai/gpt-4o": (1.0, 2.0)}, tokens=(10, 10), reported_usd=0.5) == pytest.approx(3e-5)


def test_unknown_model_is_unpriced_and_so_is_a_namesake_on_a_local_server() -> None:
    assert facts_of(resolve(CONFIG, "openai/nosuch"), {}).input_usd_per_million is None
    namesake = resolve(CONFIG, "work/gpt-4o")
    assert facts_of(namesake, {}).input_usd_per_million is None
    assert cost_of(namesake, {}, tokens=(1, 1), reported_usd=0.5) is None


def test_schema_ends_the_system_message_in_a_stable_form() -> None:
    messages = (Message("system", "You plan."), Message("user", "?"))
    first = with_schema(messages, '{"b": 1, "a": "$x"}')
    assert first == with_schema(messages, '{ "a": "$x",  "b": 1 }')
    assert first[0].content.startswith("You plan.\n\nAnswer with one JSON object")
    assert first[0].content.endswith('{"a":"$x","b":1}')
    assert first[1:] == messages[1:]
    assert [message.role for message in with_schema(messages[1:], "{}")] == ["system", "user"]


def test_repair_shows_the_answer_and_its_fault() -> None:
    messages = (Message("user", "?"),)
    repair = with_repair(messages, "{", "not a JSON text: $x")
    assert [message.role for message in repair] == ["user", "assistant", "user"]
    assert repair[2].content.startswith("That is not a valid answer: not a JSON text: $x\n")
    assert [message.role for message in with_repair(messages, " ", "no text")] == ["user", "user"]
