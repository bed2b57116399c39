"""What the pages show is true as far as it can be read: examples load, links and named files exist."""

import re
from pathlib import Path

import pytest

from octractl.cli import COMMANDS
from octractl.exit_codes import MEANINGS
from octrad.exit_codes import exit_code_of
from octrad.foundation import errors
from octrad.foundation.config import parse_config

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "octrad/rehearsal/README.md"]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
# What stands in a path for a name that the reader chooses.
PLACEHOLDERS = re.compile(r"NAME|NNNN|ROOM|\*")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", NAMES)
def test_toml_examples_are_valid_configurations(name: str) -> None:
    for example in re.findall(r"```toml\n(.*?)```", read(name), re.DOTALL):
        parse_config(example)


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    page = ROOT / name
    for target in re.findall(r"\]\(([^)\s]+)\)", read(name)):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


@pytest.mark.parametrize("name", NAMES)
def test_files_that_are_named_exist(name: str) -> None:
    roots = "octrad|octractl|octra_proto|proto|tests|scripts|docs"
    for path in re.findall(rf"`((?:{roots})/[^`\s]+)`", read(name)):
        assert PLACEHOLDERS.search(path) or (ROOT / path).exists(), path


def test_readme_shows_every_command() -> None:
    table = "\n".join(line for line in read("README.md").splitlines() if line.startswith("| `"))
    assert [command for command in COMMANDS if not re.search(rf"`{command}\b", table)] == []


def test_exit_codes_are_those_of_the_programs() -> None:
    client, daemon = read("docs/operations.md").partition("## Exit codes")[2].split("`octrad`:")
    assert [f"| {code.value} | {meaning} |" for code, meaning in MEANINGS.items()] == re.findall(
        r"^\| \d.*$", client, re.MULTILINE
    )
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.OctraError)]
    told = set(re.findall(r"^\| (\d+)", daemon, re.MULTILINE))
    assert {str(exit_code_of(kind("it failed"))) for kind in kinds} <= told
