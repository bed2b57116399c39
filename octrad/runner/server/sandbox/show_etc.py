"""The few files of /etc that commands see, and the links that scripts rely on where the host's /bin is not shown."""

import shutil
from pathlib import Path

from octrad.runner.server.sandbox.describe_sandbox import HOME, UID

_FILES = {
    "passwd": f"octra:x:{UID}:{UID}:octra:{HOME}:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "group": f"octra:x:{UID}:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


def write_etc(directory: Path) -> Path:
    """Writes the files, readable by all, and returns their directory."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o755)
    for name, content in _FILES.items():
        path = directory / name
        path.write_text(content, encoding="utf-8")
        path.chmod(0o644)
    return directory


def find_links(search_path: str, bash: str, host_paths: tuple[str, ...]) -> dict[str, str]:
    """Returns /bin/sh and /usr/bin/env as links into the environment, unless the host's own are shown."""
    if "/usr" in host_paths:
        return {}
    env = shutil.which("env", path=search_path)
    return {"/bin/sh": bash} | ({"/usr/bin/env": env} if env else {})
