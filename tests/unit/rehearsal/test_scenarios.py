from pathlib import Path

import pytest

from octrad.foundation.errors import ConfigurationError
from octrad.rehearsal.load_scenarios import SCENARIOS_DIR, load_scenario, load_scenarios
from octrad.rehearsal.scenario import read_asked

HEAD = 'title = "t"\nrequest = "r"\n'
REPLY = '[[reply]]\nstep = "s"\n'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("title =", "x.toml: "),
        ('title = "t"', "`request`: "),
        (HEAD + 'titel = "t"', "`titel`: "),
        (HEAD + 'name = "n"', "`name`: "),
        (HEAD + REPLY, "`reply[1]`: needs `answer`, `text` or `failure`"),
        (HEAD + REPLY + 'text = "a"\nanswer = {}', "`reply[1]`: `answer` and `text` exclude each other"),
        (HEAD + '[[reply]]\ntext = "a"', "`reply[1].step`: "),
        (HEAD + REPLY + 'text = "a"\nnth = 0', "`reply[1].nth`: "),
        (HEAD + REPLY + 'text = "a"\n[[reply]]\nstep = "s"\nwrong = 1\ntext = ""', "`reply[2].wrong`: "),
        (HEAD + REPLY + 'text = "a"\nfailure = {kind = "hang"}', "hang stands alone"),
        (HEAD + REPLY + 'failure = {kind = "hang"}\nheaders = {a = "b"}', "`headers` belong to an answer"),
        (HEAD + REPLY + 'failure = {kind = "truncated"}', "needs `answer` or `text`"),
        (HEAD + REPLY + 'failure = {kind = "error"}', "needs `status`"),
        (HEAD + REPLY + 'failure = {kind = "error", status = 99}', "`reply[1].failure.status`: "),
        (HEAD + REPLY + 'failure = {kind = "hang", status = 500}', "`status` belongs to a failure of kind error"),
        (HEAD + REPLY + 'failure = {kind = "explode"}', "`reply[1].failure.kind`: "),
    ],
)
def test_fault_names_file_and_field(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_scenarios(tmp_path)
    assert str(path) in caught.value.message
    assert fault in caught.value.message


def test_bad_file_name_and_missing_directory_are_refused(tmp_path: Path) -> None:
    (tmp_path / "Bad_Name.toml").write_text(HEAD)
    with pytest.raises(ConfigurationError, match="Bad_Name"):
        load_scenario(tmp_path / "Bad_Name.toml")
    with pytest.raises(ConfigurationError, match="nowhere"):
        load_scenarios(tmp_path / "nowhere")


def test_built_in_scenarios_are_valid() -> None:
    for name, scenario in load_scenarios(SCENARIOS_DIR).items():
        assert scenario.name == name
        assert scenario.reply


@pytest.mark.parametrize(
    ("request_id", "model", "expected"),
    [
        ("k7/work/b/1/#2", "rehearsal/x:a", ("k7", "work/b/1", 2, "x", "a")),
        ("k7/plan/#1", "x", ("k7", "plan", 1, "x", "")),
        ("whatever", "x", ("", "whatever", 0, "x", "")),
        ("", "", ("", "", 0, "", "")),
    ],
)
def test_request_is_read_from_id_and_model(
    request_id: str, model: str, expected: tuple[str, str, int, str, str]
) -> None:
    asked = read_asked(request_id, model)
    assert (asked.task, asked.step, asked.attempt, asked.scenario, asked.variant) == expected
