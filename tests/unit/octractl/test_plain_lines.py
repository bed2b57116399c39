from datetime import UTC, timedelta, timezone

from octra_proto.v1 import events_pb2 as pb
from octractl.render.plain_lines import PlainLines
from tests.unit.octractl.events import event, life_of_a_task

GOLDEN = r"""
08:00:01  user              task queued
08:00:02  octrad            task running
08:00:03  boss              plan the work
08:00:04  boss                rehearsal/web is at its rate limit (after 0.4 s): 429 slow\x1b[2J down
08:00:05  boss                rehearsal/web answered in 1.4 s, 1.5k tokens in, 420 out, unpriced
08:00:06  boss                 plan: A web\x1b[2J shop (stack node)
                               | backend: backend-1
                               | frontend: frontend-1
                               | check `npm test`
08:00:07  boss                 plan the work: done in 1.9 s
08:00:08  worker backend-1   write the server
08:00:09  worker backend-1     edits refused, sent back:
                               | `../x` leads out of the tree
08:00:10  worker backend-1     wrote a.js, b.js
08:00:11  manager backend      sent back:
                               | no tests
08:00:12  octrad               runs `npm test` (with network)
                               | … there is more: octractl logs k7f3 --step check/1/1
                               | ok 1
                               | not ok 2
                               | … 2.0 KiB left out …
                               | bye
08:00:15  octrad               `npm test` exited 1 after 1 min 01 s
08:00:16  octrad               `npm run lint` was proved before on this very tree
08:00:17  octrad               warning: the stand-in is used
08:00:18  octrad               partial snapshot snap1, 2.0 KiB, /nix/store/x-tree
08:00:19  octrad             note:
                               | The tests fail.
                               | See them.
                               | next: octractl retry k7
08:00:20  octrad             task failed (checks fail)
08:00:21  octrad               something that this octractl does not know yet
"""
STEP = "check/1/1"
NOT_WORTH_SAYING = 900


def plain(*events: pb.Event) -> list[str]:
    lines = PlainLines(UTC)
    return [line[10:] for one in events for line in lines.lines(one)]


def started(command: str = "make", title: str = "Check: make", *, network: bool = False) -> list[pb.Event]:
    return [
        event(1, "daemon", step=STEP, step_started=pb.StepStarted(title=title)),
        event(2, "daemon", step=STEP, command_started=pb.CommandStarted(command=command, network=network)),
    ]


def output(text: str, seq: int = 3) -> pb.Event:
    return event(seq, "daemon", step=STEP, command_output=pb.CommandOutput(text=text))


def finished(exit_code: int) -> list[pb.Event]:
    return [
        event(9, "daemon", step=STEP, command_finished=pb.CommandFinished(
            command="make", exit_code=exit_code, duration_ms=2000)),
        event(9, "daemon", step=STEP, step_finished=pb.StepFinished(duration_ms=2100)),
    ]  # fmt: skip


def test_life_of_a_task_as_lines() -> None:
    lines = PlainLines(UTC)
    assert "\n".join(line for one in life_of_a_task() for line in lines.lines(one)) == GOLDEN.strip("\n")


def test_clock_is_the_readers() -> None:
    lines = PlainLines(timezone(timedelta(hours=2)))
    assert lines.lines(event(1, "boss"))[0].startswith("10:00:01  boss")


def test_command_that_passes_takes_a_line_for_its_beginning_and_few_for_its_end() -> None:
    assert plain(*started(), output("".join(f"{i}\n" for i in range(10_000))), *finished(0)) == [
        "octrad            Check: make",
        "                    | 9997",
        "                    | 9998",
        "                    | 9999",
        "octrad              `make` passed after 2.0 s",
    ]


def test_command_that_fails_shows_its_last_lines_and_where_the_others_are() -> None:
    lines = plain(*started(), output("".join(f"{i}\n" for i in range(10_000))), *finished(2))
    assert lines[1] == "                    | … 9,980 lines before these: octractl logs k7f3 --step check/1/1"
    assert lines[2:22] == [f"                    | {i}" for i in range(9980, 10_000)]
    assert lines[22:] == ["octrad              `make` exited 2 after 2.0 s"]


def test_line_that_comes_in_pieces_is_one_line() -> None:
    assert plain(*started(), output("test_a ... "), output("ok\ntest_b ..."), output(" ok"), *finished(0))[1:3] == [
        "                    | test_a ... ok",
        "                    | test_b ... ok",
    ]


def test_endless_line_is_cut() -> None:
    lines = plain(*started(), *(output("x" * 100_000) for _ in range(10)), *finished(1))
    assert lines[1] == f"                    | {'x' * 1000}…"


def test_command_with_network_is_said_to_have_it_though_the_title_names_it() -> None:
    assert plain(*started(network=True))[1] == "octrad              runs `make` (with network)"


def test_long_command_gives_a_sign_of_life() -> None:
    quiet, later = output("a\n"), output("Compiling serde\n", seq=40)
    assert plain(*started(), quiet, later)[1:] == [
        "octrad              … 2 lines so far, the last one: Compiling serde"
    ]


def test_short_step_says_nothing_when_it_ends() -> None:
    began = event(1, "boss", step="plan", step_started=pb.StepStarted(title="Plan the project"))
    ended = event(2, "boss", step="plan", step_finished=pb.StepFinished(duration_ms=NOT_WORTH_SAYING))
    assert plain(began, ended) == ["boss              Plan the project"]


def test_packages_that_were_asked_for_are_told() -> None:
    refused = [pb.RefusedPackage(package="no\x1bsuch", reason="it does not exist in nixpkgs")]
    added = event(1, "daemon", packages_added=pb.PackagesAdded(packages=["jq", "sqlite"], commit="abc"))
    assert plain(added, event(2, "daemon", packages_refused=pb.PackagesRefused(refused=refused))) == [
        "octrad              added to the environment: jq, sqlite",
        "octrad              packages refused:",
        "                    | no\\x1bsuch: it does not exist in nixpkgs",
    ]
