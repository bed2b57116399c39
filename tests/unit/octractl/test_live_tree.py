import io
from functools import reduce

from rich.console import Console

from octra_proto.v1 import events_pb2, states_pb2
from octractl.render.live_tree import LiveTree, draw_tree
from octractl.render.task_view import TaskView, apply_event
from tests.unit.octractl.events import START_S, event, life_of_a_task

RUNNING = r"""
k7f3  running  A web\x1b[2J shop  [rehearsal]
12 s · 1.5k tokens in, 420 out · unpriced
├── ✓ boss  plan the work  1.5k in, 420 out
├── ▸ manager backend  sent back
│   └── ▸ worker backend-1  edits refused, trying again  6.0 s
├── · manager frontend
│   └── · worker frontend-1
└── ▸ octrad
    └── $ npm test  2.0 s
        └── bye
"""
ENDED = r"""
k7f3  failed  A web\x1b[2J shop  [rehearsal]
18 s · 1.5k tokens in, 420 out · unpriced
├── - boss  plan the work  1.5k in, 420 out
├── - manager backend  sent back
│   └── - worker backend-1  edits refused, trying again
├── - manager frontend
│   └── - worker frontend-1
└── - octrad
    ├── ✗ `npm test` exited 1 after 1 min 01 s
    └── ✓ `npm run lint` was proved before on this very tree
"""


def draw(events: list[events_pb2.Event], now_s: float, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(draw_tree(reduce(apply_event, events, TaskView("k7f3")), now_s * 1000))
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().split("\n")).strip("\n")


def test_tree_of_a_task_in_the_middle() -> None:
    assert draw(life_of_a_task()[:14], START_S + 14) == RUNNING.strip("\n")


def test_tree_of_a_task_at_its_end() -> None:
    assert draw(life_of_a_task(), START_S + 9999) == ENDED.strip("\n")


def test_tree_of_a_task_without_events() -> None:
    assert draw([], START_S) == "k7f3  queued\nnot started · 0 tokens in, 0 out · $0"


def test_worker_that_no_plan_names_is_shown() -> None:
    lone = event(2, "worker", "builder", step_started=events_pb2.StepStarted(title="build it"))
    assert "▸ worker builder  build it" in draw([lone], START_S)


def test_narrow_terminal_cuts_lines_and_wraps_none() -> None:
    drawn = draw(life_of_a_task(), START_S + 9999, width=40).split("\n")
    assert len(drawn) == len(ENDED.strip("\n").split("\n"))
    assert [line for line in drawn if line.startswith("    ├── ✗ `npm test` exited 1 after") and line.endswith("…")]


def test_line_of_output_that_comes_in_pieces_is_shown_whole() -> None:
    begin = event(1, "daemon", step="c", command_started=events_pb2.CommandStarted(command="make"))
    pieces = [
        event(2, "daemon", step="c", command_output=events_pb2.CommandOutput(text=text))
        for text in ("x\ntest … ", "ok")
    ]
    assert draw([begin, *pieces], START_S + 2).endswith("└── test … ok")


def test_retry_takes_back_the_ending() -> None:
    queued = event(22, "user", state_changed=events_pb2.StateChanged(to=states_pb2.TASK_STATE_QUEUED))
    view = reduce(apply_event, [*life_of_a_task(), queued], TaskView("k7f3"))
    assert (view.state, view.ended_ms) == (states_pb2.TASK_STATE_QUEUED, 0)


def test_last_drawing_stays_on_the_terminal() -> None:
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    with LiveTree(console, TaskView("k7f3")) as tree:
        for one in life_of_a_task():
            tree.show(one)
        tree.say("octrad went away")
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "octrad went away" in shown
    assert shown.rindex("worker frontend-1") > shown.rindex("manager backend")
    assert "\x1b[2J" not in shown


def test_refused_packages_are_a_warning_while_the_task_runs() -> None:
    refused = [events_pb2.RefusedPackage(package="nosuch", reason="it does not exist in nixpkgs")]
    said = event(2, "daemon", packages_refused=events_pb2.PackagesRefused(refused=refused))
    assert "! packages refused: nosuch: it does not exist in nixpkgs" in draw([*life_of_a_task()[:2], said], START_S)
