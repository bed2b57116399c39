import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from octrad.foundation.errors import UnavailableError
from octrad.rehearsal.serve import rehearsal

SCENARIOS = Path(__file__).parent / "scenarios"


@pytest.fixture
async def base_url() -> AsyncIterator[str]:
    async with rehearsal(SCENARIOS) as base_url:
        yield base_url


@pytest.fixture
async def http(base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=base_url, timeout=5) as client:
        yield client


async def requests_seen(http: httpx.AsyncClient, base_url: str) -> list[dict[str, Any]]:
    response = await http.get(f"{base_url.removesuffix('/v1')}/requests")
    rows: list[dict[str, Any]] = response.json()
    return rows


async def ask(
    http: httpx.AsyncClient, step: str, *, model: str = "echo", task: str = "t1", stream: bool = False
) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": "hi there"}], "stream": stream}
    headers = {"X-Client-Request-Id": f"{task}/{step}/#1"}
    return await http.post("/chat/completions", json=body, headers=headers)


def said(response: httpx.Response) -> str:
    return str(response.json()["choices"][0]["message"]["content"])


async def test_answer_is_json_and_labelled_a_rehearsal(http: httpx.AsyncClient) -> None:
    response = await ask(http, "ok")
    assert json.loads(said(response)) == {"text": "hällo"}
    assert response.headers["x-octra-rehearsal"] == "1"
    body = response.json()
    assert body["model"] == "rehearsal/echo"
    assert body["usage"] == {"prompt_tokens": 2, "completion_tokens": 5, "total_tokens": 7}


async def test_stream_says_the_same_as_the_whole_reply(http: httpx.AsyncClient) -> None:
    whole = said(await ask(http, "ok"))
    response = await ask(http, "ok", stream=True)
    lines = [line.removeprefix("data: ") for line in response.text.splitlines() if line]
    assert lines[-1] == "[DONE]"
    chunks = [json.loads(line) for line in lines[:-1]]
    assert "".join(c["choices"][0]["delta"].get("content", "") for c in chunks if c["choices"]) == whole
    assert chunks[-1]["usage"]["completion_tokens"] == 5


async def test_nth_counts_for_each_task_and_step(http: httpx.AsyncClient) -> None:
    assert [said(await ask(http, "second")) for _ in range(3)] == ["any other", "the second", "any other"]
    assert said(await ask(http, "second", task="t2")) == "any other"


@pytest.mark.parametrize(("model", "expected"), [("echo:b", "from b"), ("rehearsal/echo", "from none")])
async def test_variant_chooses_a_reply(http: httpx.AsyncClient, model: str, expected: str) -> None:
    assert said(await ask(http, "variant", model=model)) == expected


async def test_glob_crosses_slashes_and_a_delayed_reply_comes(http: httpx.AsyncClient) -> None:
    assert said(await ask(http, "work/builder/1")) == "a glob crosses slashes"
    assert said(await ask(http, "slow")) == "slept"


async def test_unknown_step_is_404_and_named(http: httpx.AsyncClient) -> None:
    response = await ask(http, "nowhere/1")
    assert response.status_code == 404
    assert "`nowhere/1`" in response.json()["error"]["message"]


async def test_unknown_scenario_lists_the_known(http: httpx.AsyncClient) -> None:
    response = await ask(http, "ok", model="nosuch")
    assert response.status_code == 404
    assert "known: echo" in response.json()["error"]["message"]


async def test_error_has_status_headers_and_body(http: httpx.AsyncClient) -> None:
    response = await ask(http, "rate")
    assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    error = response.json()["error"]
    assert error == {"message": "slow down", "type": "requests", "param": None, "code": "rate_limit_exceeded"}
    raw = await ask(http, "raw")
    assert (raw.status_code, raw.text) == (502, "<html>bad gateway</html>")


async def test_truncated_answer_says_length(http: httpx.AsyncClient) -> None:
    response = await ask(http, "truncated")
    assert response.json()["choices"][0]["finish_reason"] == "length"
    with pytest.raises(json.JSONDecodeError):
        json.loads(said(response))


async def test_dripped_reply_comes_whole(http: httpx.AsyncClient) -> None:
    response = await ask(http, "drip")
    assert json.loads(said(response)) == {"text": "drop by drop"}


async def test_drop_ends_the_connection(http: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await ask(http, "drop")


async def read_raw(base_url: str, step: str, *, stream: bool = False) -> bytes:
    """All that a socket gives, to its FIN."""
    url = httpx.URL(base_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        body = json.dumps({"model": "echo", "messages": [], "stream": stream}).encode()
        head = f"POST {url.path}/chat/completions HTTP/1.1\r\nHost: x\r\nX-Client-Request-Id: t1/{step}/#1\r\n"
        writer.write(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


@pytest.mark.parametrize("stream", [False, True])
async def test_cut_reply_ends_with_a_fin_in_its_middle(base_url: str, *, stream: bool) -> None:
    head, _, body = (await read_raw(base_url, "cut", stream=stream)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"chat.completion" in body
    assert not body.endswith((b"}", b"0\r\n\r\n"))


async def test_reset_reply_ends_with_a_rst(base_url: str) -> None:
    with pytest.raises(ConnectionResetError):
        await read_raw(base_url, "reset")


async def test_endless_reply_lasts_as_long_as_its_reader(http: httpx.AsyncClient) -> None:
    headers = {"X-Client-Request-Id": "t1/endless/#1"}
    body = {"model": "echo", "messages": []}
    async with http.stream("POST", "/chat/completions", json=body, headers=headers) as response:
        size = 0
        async for chunk in response.aiter_bytes():
            size += len(chunk)
            if size > 1_000_000:
                break
    assert (await ask(http, "ok")).status_code == 200


async def test_page_has_its_own_content_type(http: httpx.AsyncClient) -> None:
    response = await ask(http, "page")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html")
    assert response.text == "<html>log in</html>"


async def test_key_is_repeated_to_who_sent_it(http: httpx.AsyncClient) -> None:
    response = await http.post(
        "/chat/completions",
        json={"model": "echo", "messages": []},
        headers={"X-Client-Request-Id": "t1/key/#1", "Authorization": "Bearer s/k"},
    )
    assert response.json()["error"]["message"] == "wrong: s/k, s%2Fk"
    assert response.headers["www-authenticate"] == "Basic cy9r"


async def test_hang_ends_with_its_client(http: httpx.AsyncClient, base_url: str) -> None:
    with pytest.raises(httpx.ReadTimeout):
        await http.post(
            "/chat/completions",
            json={"model": "echo", "messages": []},
            headers={"X-Client-Request-Id": "t1/hang/#1"},
            timeout=0.1,
        )
    assert [row["status"] for row in await requests_seen(http, base_url)] == [0]


async def test_broken_no_choices_and_refusal(http: httpx.AsyncClient) -> None:
    with pytest.raises(json.JSONDecodeError):
        (await ask(http, "broken")).json()
    assert (await ask(http, "no-choices")).json()["choices"] == []
    assert (await ask(http, "refusal")).json()["choices"][0]["finish_reason"] == "content_filter"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"model": "echo", "messages": 5}', b"\xff"])
async def test_what_is_no_chat_request_is_400(http: httpx.AsyncClient, body: bytes) -> None:
    assert (await http.post("/chat/completions", content=body)).status_code == 400


async def test_requests_are_listed(http: httpx.AsyncClient, base_url: str) -> None:
    await ask(http, "ok")
    await ask(http, "rate")
    rows = await requests_seen(http, base_url)
    assert [(row["task"], row["step"], row["attempt"], row["nth"], row["status"]) for row in rows] == [
        ("t1", "ok", 1, 1, 200),
        ("t1", "rate", 1, 1, 429),
    ]


async def test_models_are_the_scenarios(http: httpx.AsyncClient) -> None:
    assert [model["id"] for model in (await http.get("/models")).json()["data"]] == ["echo"]


async def test_taken_port_is_named(base_url: str) -> None:
    port = httpx.URL(base_url).port
    assert port
    with pytest.raises(UnavailableError, match=str(port)):
        async with rehearsal(SCENARIOS, port=port):
            pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_process_says_ready_and_ends_on_a_signal(number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "octrad", "rehearse", "--scenarios", str(SCENARIOS), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 20)
        assert line.startswith(b"rehearsal: listening on http://127.0.0.1:")
        process.send_signal(number)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_rehearsal_does_not_import_litellm() -> None:
    code = "import octrad.rehearsal.serve, sys; assert not {'litellm', 'openai', 'grpc'} & set(sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == 0


@pytest.mark.parametrize("stream", [False, True])
async def test_answer_has_the_headers_of_its_reply(http: httpx.AsyncClient, *, stream: bool) -> None:
    response = await ask(http, "limited", stream=stream)
    assert response.headers["x-ratelimit-limit-requests"] == "50"
    assert response.headers["x-octra-rehearsal"] == "1"
