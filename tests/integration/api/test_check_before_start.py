"""`octrad check --before-start`, as systemd runs it before octrad: only what is certain to be wrong is refused."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.integration.api.test_serve import assert_told, octrad

PROVIDER = '[providers.here]\nkind = "openai-compatible"\nbase_url = "http://127.0.0.1:1/v1"\n'


def check(tmp_path: Path, text: str, state_dir: str = "state") -> "subprocess.CompletedProcess[str]":
    config = tmp_path / "octrad.toml"
    config.write_text(text, encoding="utf-8")
    return octrad("check", "--before-start", "--state-dir", str(tmp_path / state_dir), "--config", str(config))


def test_a_database_a_model_and_nix_that_are_not_there_yet_are_no_reason(tmp_path: Path) -> None:
    text = f"""{PROVIDER}key_file = "/no/such/key"
[models]
chain = ["here/model"]
[database]
dsn = "host=/nowhere"
[nix]
nixpkgs = "/no/such/nixpkgs"
[servant]
clients = ["root"]
"""
    ended = check(tmp_path, text)
    assert (ended.returncode, ended.stdout, ended.stderr) == (os.EX_OK, "", "")
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("text", "error", "hint"),
    [
        ("[limits]\ntask_at_once = 3\n", "`limits.task_at_once`", "configuration.md"),
        (f'{PROVIDER}[models]\nchain = ["there/model"]\n', "`models.chain`: no provider serves there/model", "here"),
        ('[database]\ndsn_file = "/no/such/file"\n', "`database.dsn_file` /no/such/file", ""),
        ('[servant]\nclients = ["no-such-user"]\n', "`servant.clients`: this machine has no user", "looked up"),
    ],
)
def test_a_wrong_configuration_is_refused_with_its_key(tmp_path: Path, text: str, error: str, hint: str) -> None:
    ended = check(tmp_path, text)
    assert ended.returncode == os.EX_CONFIG
    assert ended.stderr.startswith("error: ")
    assert error in ended.stderr
    assert hint in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_state_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("", encoding="utf-8")
    assert_told(check(tmp_path, ""), os.EX_CONFIG, "is no directory", "--state-dir")


def test_a_state_directory_with_too_long_a_path_is_refused(tmp_path: Path) -> None:
    assert_told(check(tmp_path, "", "d" * 100), os.EX_CONFIG, "bytes of at most 107", "--state-dir")
