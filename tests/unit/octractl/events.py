"""A task's life as events, for golden tests of what is shown."""

from google.protobuf.timestamp_pb2 import Timestamp

from octra_proto.v1 import events_pb2 as pb
from octra_proto.v1 import states_pb2

START_S = 1_800_000_000


def life_of_a_task() -> list[pb.Event]:
    return [
        event(1, "user", state_changed=pb.StateChanged(to=states_pb2.TASK_STATE_QUEUED)),
        event(2, "daemon", state_changed=pb.StateChanged(to=states_pb2.TASK_STATE_RUNNING)),
        event(3, "boss", step="plan", step_started=pb.StepStarted(title="plan the work")),
        event(4, "boss", step="plan", model_answered=pb.ModelAnswered(
            model="rehearsal/web", outcome="rate", duration_ms=400, error="429 slow\x1b[2J down")),
        event(5, "boss", step="plan", model_answered=pb.ModelAnswered(
            model="rehearsal/web", outcome="ok", duration_ms=1400, input_tokens=1500, output_tokens=420)),
        event(6, "boss", step="plan", planned=pb.Planned(
            title="A web\x1b[2J shop", stack="node", checks=["npm test"],
            managers=[pb.PlannedManager(name="backend", workers=["backend-1"]),
                      pb.PlannedManager(name="frontend", workers=["frontend-1"])])),
        event(7, "boss", step="plan", step_finished=pb.StepFinished(duration_ms=1900, commit="0123456789abcdef")),
        event(8, "worker", "backend-1", step="work/backend-1/1", step_started=pb.StepStarted(title="write the server")),
        event(9, "worker", "backend-1", edits_refused=pb.EditsRefused(reasons=["`../x` leads out of the tree"])),
        event(10, "worker", "backend-1", files_changed=pb.FilesChanged(paths=["a.js", "b.js"], commit="abc")),
        event(11, "manager", "backend", reviewed=pb.Reviewed(approved=False, reasons=["no tests"])),
        event(12, "daemon", step="check/1/1", command_started=pb.CommandStarted(command="npm test", network=True)),
        event(13, "daemon", step="check/1/1", command_output=pb.CommandOutput(text="ok 1\n\x1b[31mnot ok 2\x1b[0m\n")),
        event(14, "daemon", step="check/1/1", command_output=pb.CommandOutput(text="bye\n", skipped_bytes=2048)),
        event(15, "daemon", step="check/1/1", command_finished=pb.CommandFinished(
            command="npm test", exit_code=1, duration_ms=61_000)),
        event(16, "daemon", command_finished=pb.CommandFinished(command="npm run lint", already_proved=True)),
        event(17, "daemon", remarked=pb.Remarked(text="the stand-in is used", warning=True)),
        event(18, "daemon", snapshotted=pb.Snapshotted(
            snapshot_id="snap1", store_path="/nix/store/x-tree", size_bytes=2048, partial=True)),
        event(19, "daemon", advised=pb.Advised(note="The tests fail.\nSee them.", next_command="octractl retry k7")),
        event(20, "daemon", state_changed=pb.StateChanged(to=states_pb2.TASK_STATE_FAILED, reason="checks fail")),
        event(21, "daemon"),
    ]  # fmt: skip


def event(seq: int, role: str, agent: str = "", step: str = "", **detail: object) -> pb.Event:
    at = Timestamp(seconds=START_S + seq)
    return pb.Event(task_id="k7f3", seq=seq, at=at, role=role, agent=agent, step=step, **detail)  # type: ignore[arg-type] # one of many
