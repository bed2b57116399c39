"""The gateway leaves no core, and no other process of its user can read it."""

import subprocess
import sys

PROBE = """
import ctypes, os, resource
from octrad.gateway.server.keep_memory_private import keep_memory_private
resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20))
keep_memory_private()
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


def test_no_core_and_no_reader() -> None:
    ended = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "(0, 0) 0\n"
