import pytest

from octrad.foundation.errors import ConfigurationError, InvalidRequestError
from octrad.knowledge.library import read_library
from octrad.knowledge.stacks import RunTool, WriteFiles, detect_stack, parse_stack, require_stack

LIBRARY = read_library()
STACKS = LIBRARY.stacks


def test_the_first_stacks_are_there() -> None:
    assert set(STACKS) == {"cpp", "go", "node", "plain", "python", "rust"}


@pytest.mark.parametrize("name", sorted(STACKS))
def test_every_guide_of_a_stack_is_there(name: str) -> None:
    assert set(STACKS[name].guides) <= set(LIBRARY.guides)


@pytest.mark.parametrize("name", sorted(STACKS))
def test_scaffolds_need_no_network_and_take_the_name(name: str) -> None:
    for step in STACKS[name].scaffold_for("guest-book"):
        match step:
            case RunTool(command, network):
                assert not network
                assert "@" not in command
            case WriteFiles(files):
                assert all("@NAME@" not in content for _, content in files)


def test_unknown_stack_lists_the_known() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        require_stack(STACKS, "cobol")
    assert caught.value.field == "stack"
    assert "plain, python, rust" in caught.value.hint


@pytest.mark.parametrize(
    ("paths", "stack"),
    [
        (["Cargo.toml", "src/main.rs"], "rust"),
        (["README.md"], ""),
        (["package.json", "package-lock.json", "CMakeLists.txt"], "node"),
        (["vendor/go.mod"], ""),
    ],
)
def test_stack_is_detected_by_the_files_at_the_top(paths: list[str], stack: str) -> None:
    assert detect_stack(STACKS, paths) == stack


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("name =", "x.toml"),
        ('name = "x"\ntitle = "X"\nattributes = ["a b"]\nshell = "mkShell"', "attributes"),
        ('name = "x"\ntitle = "X"\nattributes = []\nshell = "bash"', "shell"),
        ('name = "x"\ntitle = "X"\nattributes = []\nshell = "mkShell"\nchekcs = []', "chekcs"),
        ('name = "y"\ntitle = "X"\nattributes = []\nshell = "mkShell"', "calls itself"),
        ('name = "x"\ntitle = "X"\nattributes = []\nshell = "mkShell"\n[[scaffold]]\nnetwork = true', "either"),
    ],
)
def test_faulty_stack_is_refused_with_file_and_key(text: str, word: str) -> None:
    with pytest.raises(ConfigurationError, match=word):
        parse_stack("x.toml", text)
