"""A provider in front of the rehearsal that keeps what it was asked: the rehearsal itself keeps no prompt."""

import contextlib
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.daemon import Rehearsal

_PASSED_ON = ("Content-Type", "X-Octra-Rehearsal")


@dataclass(slots=True)
class ListeningProvider:
    """What was asked, by task and step."""

    base_url: str
    prompts: dict[tuple[str, str], str] = field(default_factory=dict)

    def prompt(self, task: str, step: str) -> str:
        """The user's part of the newest question of a step."""
        return self.prompts[task, step]


class _Handler(BaseHTTPRequestHandler):
    rehearsal_url: str
    provider: ListeningProvider
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Keeps a chat and passes it on."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request_id = self.headers.get("X-Client-Request-Id", "")
        task, _, rest = request_id.partition("/")
        said = [message["content"] for message in json.loads(body)["messages"] if message["role"] == "user"]
        self.provider.prompts[task, rest.partition("/#")[0]] = "\n".join(said)
        headers = {"Content-Type": "application/json", "X-Client-Request-Id": request_id}
        request = urllib.request.Request(f"{self.rehearsal_url}/chat/completions", body, headers)  # noqa: S310 - ours
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - our own server
                self._answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            self._answer(error.code, error.headers, error.read())

    def _answer(self, status: int, headers: Message, body: bytes) -> None:
        self.send_response(status)
        for name in _PASSED_ON:
            if name in headers:
                self.send_header(name, headers[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # who asked may be gone
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def listening_provider(rehearsal: Rehearsal) -> Iterator[ListeningProvider]:
    """Serves for the block."""
    handler = type("Handler", (_Handler,), {"rehearsal_url": rehearsal.base_url})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        provider = ListeningProvider(f"http://127.0.0.1:{server.server_address[1]}/v1")
        handler.provider = provider  # type: ignore[attr-defined] # made above
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
