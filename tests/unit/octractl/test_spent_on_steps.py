"""What the page of a task says that each step cost."""

import pytest

from octra_proto.v1 import tasks_pb2 as pb
from octractl.render.task_page import task_page

BILLING = pb.ModelCall(step="grade", model="p/m", outcome="billing")
PRICED = pb.ModelCall(step="grade", model="p/n", outcome="ok", input_tokens=1500, output_tokens=20, cost_usd=0.0123)
UNPRICED = pb.ModelCall(step="grade", model="p/o", outcome="ok", input_tokens=1500, output_tokens=20)


@pytest.mark.parametrize(
    ("calls", "spent"),
    [
        ([], "grade finished 1.0 s"),
        ([BILLING], "grade finished 1.0 s 0 0 $0"),
        ([BILLING, PRICED], "grade finished 1.0 s 1.5k 20 $0.0123"),
        ([BILLING, UNPRICED], "grade finished 1.0 s 1.5k 20 unpriced"),
        ([PRICED, UNPRICED], "grade finished 1.0 s 3.0k 40 $0.0123 + 1 unpriced"),
    ],
)
def test_calls_that_failed_do_not_count_as_unpriced(calls: list[pb.ModelCall], spent: str) -> None:
    step = pb.Step(name="grade", state="finished", duration_ms=1000)
    page = task_page(pb.GetTaskResponse(task=pb.Task(id="k7f3"), steps=[step], model_calls=calls))
    [line] = [line for line in page if line.strip().startswith("grade") and "finished" in line]
    assert " ".join(line.split()) == spent
