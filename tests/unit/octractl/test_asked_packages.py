from octra_proto.v1 import tasks_pb2
from octractl.render.task_page import task_page


def test_the_page_of_a_task_says_what_became_of_packages() -> None:
    packages = [
        tasks_pb2.AskedPackage(package="jq"),
        tasks_pb2.AskedPackage(package="no\x1bsuch", reason="it does not exist in nixpkgs"),
    ]
    page = "\n".join(task_page(tasks_pb2.GetTaskResponse(task=tasks_pb2.Task(id="k7"), packages=packages)))
    assert "\nPACKAGES\n  jq  added\n  no\\x1bsuch  refused: it does not exist in nixpkgs" in page
    assert "PACKAGES" not in "\n".join(task_page(tasks_pb2.GetTaskResponse(task=tasks_pb2.Task(id="k7"))))
