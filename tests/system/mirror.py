"""Where this machine gets Debian packages from, read from its own apt: no host name is written down here."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

APT = Path("/etc/apt")
# What has to pass on to another apt: how this machine reaches the network.
_SETTINGS = re.compile(r"^Acquire::(?:https?|Retries).*;$", re.MULTILINE)


def read_mirror(directory: Path = APT) -> str:
    """Returns the URI of the first archive of Debian itself (no security archive, nobody else's) that apt is told of.

    Raises:
        LookupError: there is none.
    """
    for path in (directory / "sources.list", *sorted((directory / "sources.list.d").glob("*"))):
        if path.is_file():
            for uri in find_archives(path.read_text(encoding="utf-8")):
                return uri
    raise LookupError(f"{directory} names no archive of Debian")


def find_archives(text: str) -> Iterator[str]:
    """Yields the URIs of Debian's main archive in a file of apt's, in its one-line or its deb822 form."""
    for line in re.findall(r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+\s+\S+)", text, re.MULTILINE):
        uri, suite = line.split()
        if _is_debian(uri, suite):
            yield uri
    for stanza in re.split(r"\n\s*\n", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)):
        fields = dict(re.findall(r"^(\S+):[ \t]*(.*)$", stanza, re.MULTILINE))
        if "URIs" in fields and _is_debian(fields["URIs"].split()[0], fields.get("Suites", "")):
            yield fields["URIs"].split()[0]


def read_network_settings() -> str:
    """Returns the lines of apt's configuration that say how to reach a mirror, such as a proxy."""
    dumped = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, timeout=30, check=True).stdout
    return "\n".join(_SETTINGS.findall(dumped)) + "\n"


def _is_debian(uri: str, suites: str) -> bool:
    return uri.rstrip("/").endswith("/debian") and "-security" not in suites.split(maxsplit=1)[0]
