"""What each provider really answers, shown to the real LiteLLM: the records that the classifier is tested with hold.

`UPDATE_GOLDEN=1 pytest …` writes them anew, after a new case or another LiteLLM.
"""

import json
import os
import subprocess
import sys

from tests.daemon import ROOT
from tests.provider_errors.cases import AS_SEEN, load_cases


def test_adapter_sees_of_each_error_what_is_recorded() -> None:
    argv = [sys.executable, "-m", "tests.provider_errors.replay"]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr[-4000:]
    if os.environ.get("UPDATE_GOLDEN"):
        AS_SEEN.write_text(ended.stdout + "\n", encoding="utf-8")
    seen = json.loads(ended.stdout)
    recorded = json.loads(AS_SEEN.read_text(encoding="utf-8"))
    assert list(recorded) == sorted(load_cases())
    for case in recorded:
        assert seen[case] == recorded[case], case
