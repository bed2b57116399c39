"""What octrad refuses before anything runs: only what is certain to be wrong, and that for good."""

import os
import subprocess
from pathlib import Path

import pytest

from octrad.check.before_start import check_before_start
from tests.integration.api.test_serve import octrad

PROVIDER = '[providers.here]\nkind = "openai-compatible"\nbase_url = "http://127.0.0.1:1/v1"\n'


def serve(tmp_path: Path, text: str) -> "subprocess.CompletedProcess[str]":
    config = tmp_path / "octrad.toml"
    config.write_text(text, encoding="utf-8")
    return octrad("serve", "--state-dir", str(tmp_path / "state"), "--config", str(config))


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
    config = tmp_path / "octrad.toml"
    config.write_text(text, encoding="utf-8")
    check_before_start(config)


@pytest.mark.parametrize(
    ("text", "error", "hint"),
    [
        ("[limits]\ntask_at_once = 3\n", "`limits.task_at_once`", "configuration.md"),
        (f'{PROVIDER}[models]\nchain = ["there/model"]\n', "`models.chain`: no provider serves there/model", "here"),
        (f'{PROVIDER}[models.roles]\nworker = ["here/x", "there/y"]\n', "`models.roles.worker`: no provider", "here"),
        (f'{PROVIDER}[models]\nchain = ["here/"]\n', "`models.chain`: no provider serves here/", "PROVIDER/MODEL"),
        ('[database]\ndsn_file = "/no/such/file"\n', "`database.dsn_file` /no/such/file", ""),
        ('[servant]\nclients = ["no-such-user"]\n', "`servant.clients`: this machine has no user", "looked up"),
    ],
)
def test_a_wrong_configuration_is_refused_with_its_key(tmp_path: Path, text: str, error: str, hint: str) -> None:
    ended = serve(tmp_path, text)
    assert ended.returncode == os.EX_CONFIG
    assert ended.stderr.startswith("error: ")
    assert error in ended.stderr
    assert hint in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "state").exists()
