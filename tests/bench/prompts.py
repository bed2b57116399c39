"""How long the questions of a run are, and how much of them its calls share: what a provider can cache is a prefix.

No goal: prompts are as long as they need to be. It runs a whole rehearsal with managers through a recorder that stands
before the rehearsal and hands everything on.
"""

import json
import os
import threading
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from octrad.rehearsal.load_scenarios import SCENARIOS_DIR, load_scenarios
from tests.daemon import Rehearsal, config_for, house

SCENARIO = "node-web"
HEADER = (
    "| question | calls | system bytes | bytes of the rest | longest shared prefix, bytes | share of a call |\n"
    "|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request: its first message, and all that follows."""

    system: bytes
    rest: bytes


@dataclass(slots=True)
class Recorder:
    """What was asked, by question."""

    base_url: str = ""
    prompts: dict[str, list[Prompt]] = field(default_factory=lambda: defaultdict(list))


def report() -> Iterator[str]:
    """The rows of the table: a question each, in the order in which a run asks them."""
    rehearsal = Rehearsal(quiet=True)
    rehearsal.start()
    try:
        with recorded(rehearsal.base_url) as recorder:
            run_scenario(replace(rehearsal, base_url=recorder.base_url))
        for question, prompts in recorder.prompts.items():
            yield row(question, prompts)
    finally:
        rehearsal.stop()


def run_scenario(rehearsal: Rehearsal) -> None:
    request = load_scenarios(SCENARIOS_DIR)[SCENARIO].request
    with house(config_for(rehearsal, SCENARIO)) as daemon:
        task = daemon.wait(daemon.submit(request))
    assert task["state"] == "TASK_STATE_DONE", task


def row(question: str, prompts: Sequence[Prompt]) -> str:
    systems = sorted({len(prompt.system) for prompt in prompts})
    rests = sorted({len(prompt.rest) for prompt in prompts})
    shared = share = "-"
    if len(prompts) > 1:
        wholes = [prompt.system + prompt.rest for prompt in prompts]
        prefix = len(os.path.commonprefix(wholes))  # noqa: RUF071 - byte by byte is what is wanted
        shared = f"{prefix:,}"
        share = f"{prefix * len(wholes) / sum(map(len, wholes)):.0%}"
    return f"| {question} | {len(prompts)} | {between(systems)} | {between(rests)} | {shared} | {share} |"


def between(sizes: Sequence[int]) -> str:
    least, most = sizes[0], sizes[-1]
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


@contextmanager
def recorded(base_url: str) -> Iterator[Recorder]:
    """A recorder before the server at `base_url`."""
    recorder = Recorder()

    class Handler(BaseHTTPRequestHandler):
        """Hands a request on and its answer back."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            note(recorder, body)
            headers = {name: self.headers[name] for name in ("Content-Type", "X-Client-Request-Id")}
            url = base_url.removesuffix("/v1") + self.path
            forwarded = urllib.request.Request(url, body, headers)  # noqa: S310 - our own server
            with urllib.request.urlopen(forwarded, timeout=60) as response:  # noqa: S310 - as above
                answer = response.read()
                self.send_response(response.status)
                self.send_header("Content-Type", response.headers["Content-Type"])
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Says nothing between the rows."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        recorder.base_url = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield recorder
        finally:
            server.shutdown()
            serving.join()


def note(recorder: Recorder, body: bytes) -> None:
    asked = json.loads(body)
    question = str(asked["response_format"]["json_schema"]["name"])
    first, *others = (str(message["content"]).encode() for message in asked["messages"])
    recorder.prompts[question].append(Prompt(first, b"".join(others)))
