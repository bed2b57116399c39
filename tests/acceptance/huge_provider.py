"""A provider in front of the rehearsal that answers one question with a file of 100 MB."""

import contextlib
import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.daemon import Rehearsal

HUGE_BYTES = 100_000_000


class _Handler(BaseHTTPRequestHandler):
    rehearsal_url: str
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answers a chat."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request_id = self.headers.get("X-Client-Request-Id", "")
        huge = "/work/builder/1/#" in request_id
        self._answer(_huge_completion() if huge else self._ask_the_rehearsal(body, request_id))

    def _ask_the_rehearsal(self, body: bytes, request_id: str) -> bytes:
        headers = {"Content-Type": "application/json", "X-Client-Request-Id": request_id}
        request = urllib.request.Request(f"{self.rehearsal_url}/chat/completions", body, headers)  # noqa: S310 - ours
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - our own server
            answered: bytes = response.read()
        return answered

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # who asked may have heard enough
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def _huge_completion() -> bytes:
    file = {"path": "huge.bin", "executable": False, "content": "x" * HUGE_BYTES}
    answer = json.dumps({"summary": "A lot", "files": [file], "edits": [], "removals": [], "packages": []})
    message = {"role": "assistant", "content": answer}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return json.dumps({
        "id": "huge", "object": "chat.completion", "created": 1, "model": "huge", "choices": [choice], "usage": usage
    }).encode()  # fmt: skip


@contextlib.contextmanager
def huge_provider(rehearsal: Rehearsal) -> Iterator[str]:
    """Serves for the block; yields its base URL."""
    handler = type("Handler", (_Handler,), {"rehearsal_url": rehearsal.base_url})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        finally:
            server.shutdown()
            thread.join()
