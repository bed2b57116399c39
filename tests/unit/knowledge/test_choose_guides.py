"""A project's guides are those of its stack and of the tools that its plan names besides."""

import pytest

from octrad.foundation.errors import InvalidRequestError
from octrad.knowledge.choose_guides import choose_ecosystem, choose_guides
from octrad.knowledge.library import read_library

GUIDES = read_library().guides


@pytest.mark.parametrize(
    ("named", "packages", "commands", "expected"),
    [
        (["pip"], [], ["python3 -m unittest discover -v"], ["pip"]),
        (["pip"], ["uv"], [], ["pip", "uv"]),
        (["pip"], ["python3Packages.requests"], ["uv run --offline python -m app"], ["pip", "uv"]),
        (["cargo"], [], ["cargo build", "make -C docs html"], ["cargo", "make"]),
        (["rails", "bundler"], [], ["bundle install --local && bin/rails test"], ["rails", "bundler"]),
        (["gradle"], [], ["./gradlew --offline build"], ["gradle"]),
        (["cobol", "go"], [], ["(cd tools; npm test)"], ["go", "npm"]),
        # A package that a guide needs besides is not the guide's own.
        ([], ["jdk", "nodejs"], [], ["npm"]),
        # Words that only look like a program.
        ([], [], ["bash tests/run-make.sh", "ctest -R parse", "test -f rmake.py"], ["cmake"]),
        ([], [], [], []),
    ],
)
def test_guides_of_the_stack_come_first_and_those_of_other_tools_follow(
    named: list[str], packages: list[str], commands: list[str], expected: list[str]
) -> None:
    chosen = choose_guides(GUIDES, named, packages=packages, commands=commands)
    assert [guide.name for guide in chosen] == expected


def test_list_is_by_ecosystem_and_name() -> None:
    listed = [(guide.ecosystem, guide.name) for guide in choose_ecosystem(GUIDES, "")]
    assert listed == sorted(listed)
    assert len(listed) == len(GUIDES)
    assert [guide.name for guide in choose_ecosystem(GUIDES, "python")] == ["pip", "poetry", "uv"]


def test_unknown_ecosystem_lists_the_known() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        choose_ecosystem(GUIDES, "cobol")
    assert caught.value.field == "ecosystem"
    assert "python, r, ruby" in caught.value.hint
