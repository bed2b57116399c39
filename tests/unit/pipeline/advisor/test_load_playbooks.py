"""The user's own playbooks: what can be used is used, and what cannot is named."""

from pathlib import Path

from octrad.check.playbooks import check_playbooks
from octrad.foundation.config import Advisor, Config
from octrad.pipeline.advisor.load_playbooks import FILE_BYTES, read_own_playbooks

GOOD = 'title = "Mine"\nexplanation = "E"\ncommands = ["octractl why {task}"]\n'


def test_broken_files_are_named_and_the_others_used(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text(GOOD)
    (tmp_path / "notes.txt").write_text("not one of them")
    (tmp_path / "broken.toml").write_text("title = ")
    (tmp_path / "latin.toml").write_bytes(b"title = '\xe4'")
    (tmp_path / "large.toml").write_text("#" * (FILE_BYTES + 1))
    (tmp_path / "directory.toml").mkdir()
    own = read_own_playbooks(tmp_path)
    assert [playbook.name for playbook in own.playbooks] == ["good"]
    said = "\n".join(own.faults)
    for name in ("broken.toml", "latin.toml", "large.toml", "directory.toml"):
        assert name in said
    assert len(own.faults) == 4


def test_directory_that_is_not_there_is_a_fault_and_none_is_none(tmp_path: Path) -> None:
    assert "cannot read the directory" in read_own_playbooks(tmp_path / "away").faults[0]
    assert read_own_playbooks(None).faults == ()


def test_check_says_what_is_wrong_with_each(tmp_path: Path) -> None:
    config = Config(advisor=Advisor(playbooks_dir=tmp_path))
    assert check_playbooks(Config()) == []
    (tmp_path / "good.toml").write_text(GOOD)
    assert [finding.ok for finding in check_playbooks(config)] == [True]
    (tmp_path / "broken.toml").write_text("title = ")
    [finding] = check_playbooks(config)
    assert not finding.ok
    assert "broken.toml" in finding.detail
