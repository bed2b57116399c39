from octra_proto.v1 import system_pb2
from octractl.render.system_page import model_table


def test_local_model_is_marked_with_where_it_was_found() -> None:
    lines = model_table(
        [
            system_pb2.Model(name="openai/gpt-4.1", available=True, context_tokens=1_000_000),
            system_pb2.Model(name="local-ollama/qwen3:8b", available=True, found_at="Ollama on 127.0.0.1:11434"),
            system_pb2.Model(name="local-vllm/*", found_at="vLLM on 127.0.0.1:8000", detail="port 8000 is \x1b[31mhis"),
        ]
    )
    assert "local" not in lines[1]
    assert " ".join(lines[2].split()) == "local-ollama/qwen3:8b yes - unpriced local: Ollama on 127.0.0.1:11434"
    assert "local: vLLM on 127.0.0.1:8000; port 8000 is" in lines[3]
    assert "\x1b" not in lines[3]
