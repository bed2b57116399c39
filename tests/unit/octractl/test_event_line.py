from datetime import UTC, timedelta, timezone

from octractl.render.event_line import event_lines
from tests.unit.octractl.events import event, life_of_a_task

GOLDEN = r"""
08:00:01  user              task queued
08:00:02  daemon            task running
08:00:03  boss              began plan the work
08:00:04  boss              rehearsal/web failed after 0.4 s, rate: 429 slow\x1b[2J down
08:00:05  boss              rehearsal/web answered in 1.4 s, 1.5k in, 420 out, unpriced
08:00:06  boss              plan: A web\x1b[2J shop (stack node)
                            | backend: backend-1
                            | frontend: frontend-1
                            | check `npm test`
08:00:07  boss              ended plan after 1.9 s, commit 0123456789
08:00:08  worker backend-1  began write the server
08:00:09  worker backend-1  edits refused, sent back:
                            | `../x` leads out of the tree
08:00:10  worker backend-1  wrote a.js, b.js
08:00:11  manager backend   sent back:
                            | no tests
08:00:12  daemon            runs `npm test` (with network)
                            | ok 1
                            | not ok 2
                            | … 2.0 KiB left out …
                            | bye
08:00:15  daemon            `npm test` exited 1 after 1 min 01 s
08:00:16  daemon            `npm run lint` was proved before on this very tree
08:00:17  daemon            warning: the stand-in is used
08:00:18  daemon            partial snapshot snap1, 2.0 KiB, /nix/store/x-tree
08:00:19  daemon            note:
                            | The tests fail.
                            | See them.
                            | next: octractl retry k7
08:00:20  daemon            task failed (checks fail)
08:00:21  daemon            something that this octractl does not know yet
"""


def test_life_of_a_task_as_lines() -> None:
    lines = [line for one in life_of_a_task() for line in event_lines(one, UTC)]
    assert "\n".join(lines) == GOLDEN.strip("\n")


def test_clock_is_the_readers() -> None:
    assert event_lines(event(1, "boss"), timezone(timedelta(hours=2)))[0].startswith("10:00:01  boss")
