"""The shipped stacks are whole and consistent, and what is wrong with one of the user's is said."""

import re
import tomllib
from importlib.resources import files
from itertools import combinations

import pytest

from octrad.foundation.errors import ConfigurationError, InvalidRequestError
from octrad.knowledge.combine_stacks import combine_stacks
from octrad.knowledge.library import read_library
from octrad.knowledge.stacks import (
    RunTool,
    Stack,
    WriteFiles,
    parse_stack,
    require_stack,
    require_stacks,
    split_names,
)

LIBRARY = read_library()
STACKS = LIBRARY.stacks
# Those whose tool fetches something when it begins a project.
ONLINE = {
    "bun", "clojure", "dart", "elm", "flutter", "gleam", "haskell-stack", "java-maven", "laravel", "phoenix", "rails",
    "scala",
}  # fmt: skip
OFFLINE = {
    "cpp", "crystal", "deno", "dotnet", "elixir", "erlang", "go", "haskell", "java-gradle", "julia", "kotlin", "lua",
    "meson", "nim", "node", "ocaml", "opentofu", "php", "plain", "pnpm", "poetry", "python", "r", "ruby", "rust",
    "swift", "uv", "yarn", "zig",
}  # fmt: skip
# Of nixpkgs, and not free, or gone from it.
REFUSED = re.compile(r"nodePackages|terraform|vscode|mongodb|unrar|cuda")


def test_every_stack_is_there() -> None:
    assert set(STACKS) == ONLINE | OFFLINE


@pytest.mark.parametrize("name", sorted(STACKS))
def test_every_guide_of_a_stack_is_there(name: str) -> None:
    assert set(STACKS[name].guides) <= set(LIBRARY.guides)


@pytest.mark.parametrize("name", sorted(STACKS))
def test_only_known_scaffolds_need_the_network(name: str) -> None:
    assert STACKS[name].needs_network == (name in ONLINE)


@pytest.mark.parametrize("name", sorted(STACKS))
def test_scaffolds_take_the_name(name: str) -> None:
    for step in STACKS[name].scaffold_for("guest-book"):
        match step:
            case RunTool(command, _):
                assert "@NAME@" not in command
                assert "_NAME@" not in command
            case WriteFiles(named):
                assert all("NAME@" not in path + content for path, content in named)


def test_name_is_spelt_as_the_tool_takes_it() -> None:
    def command(name: str) -> str:
        [*_, step] = [step for step in STACKS[name].scaffold_for("guest-book") if isinstance(step, RunTool)]
        return step.command

    assert command("cpp") == "cmake -S . -B build"
    assert command("rust") == "cargo init --name guest-book --vcs none"
    assert command("ocaml") == "dune init proj guest_book ."
    assert 'Pkg.generate("GuestBook")' in command("julia")


def test_scaffold_works_in_the_directory_of_its_stack() -> None:
    [step] = STACKS["node"].scaffold_for("guest-book", "web/page")
    npm = "npm init -y && npm pkg set name=guest-book"
    assert step == RunTool(f"mkdir -p web/page && cd web/page && {{ {npm}; }}", network=False)
    written, _ = STACKS["cpp"].scaffold_for("guest-book", "native")
    assert isinstance(written, WriteFiles)
    assert [path for path, _ in written.files] == ["native/CMakeLists.txt", "native/src/main.cpp"]


@pytest.mark.parametrize("name", sorted(STACKS))
def test_stack_says_all_that_a_project_of_it_needs(name: str) -> None:
    stack = STACKS[name]
    assert stack.title
    assert stack.attributes
    assert stack.checks
    assert stack.scaffold or name == "plain"
    assert stack.detect or name == "plain"
    assert stack.ignore or name == "plain"
    assert not any(REFUSED.match(attribute) for attribute in stack.attributes)
    assert len(set(stack.attributes)) == len(stack.attributes)


@pytest.mark.parametrize("name", sorted(STACKS))
def test_what_a_stack_refines_is_there_and_general(name: str) -> None:
    if general := STACKS[name].refines:
        assert STACKS[general].refines == ""


def test_files_of_what_compiles_native_code_have_a_compiler() -> None:
    native = {"cpp", "meson", "rust", "zig", "ruby", "rails", "ocaml", "haskell", "haskell-stack", "swift", "r"}
    assert {STACKS[name].shell for name in native} == {"mkShell"}


def test_no_two_stacks_disagree_on_a_variable() -> None:
    for one, other in combinations(STACKS.values(), 2):
        for name in one.variables.keys() & other.variables.keys():
            assert one.variables[name] == other.variables[name], f"{name} of {one.name} and {other.name}"


def test_combined_stack_has_all_of_both_and_the_compiler_that_one_needs() -> None:
    both = combine_stacks([STACKS["python"], STACKS["rust"]])
    assert (both.name, both.shell) == ("python,rust", "mkShell")
    assert both.attributes == (*STACKS["python"].attributes, *STACKS["rust"].attributes)
    assert both.variables == {**STACKS["python"].variables, **STACKS["rust"].variables}
    assert both.guides == ("pip", "cargo")
    assert set(STACKS["rust"].ignore) < set(both.ignore)
    assert combine_stacks([STACKS["go"]]) is STACKS["go"]


def test_of_two_values_of_a_variable_the_main_stacks_counts() -> None:
    def stack(name: str, value: str) -> Stack:
        head = f'name = "{name}"\ntitle = "T"\nattributes = []\nshell = "mkShellNoCC"\n'
        return parse_stack(f"{name}.toml", f'{head}[variables]\nX = "{value}"\n')

    assert combine_stacks([stack("a", "1"), stack("b", "2")]).variables == {"X": "1"}


def test_several_stacks_are_taken_and_told_apart() -> None:
    assert require_stacks(STACKS, " rust, node") == ("rust", "node")
    assert require_stacks(STACKS, "") == ()
    assert split_names("rust,,node,") == ("rust", "node")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("rust,cobol", "no stack 'cobol'"),
        ("rust,rust", "no list"),
        (",", "no list"),
        ("go,rust,node,cpp,zig", "no list"),
    ],
)
def test_list_that_is_none_is_refused_with_the_field(text: str, word: str) -> None:
    with pytest.raises(InvalidRequestError, match=word) as caught:
        require_stacks(STACKS, text)
    assert caught.value.field == "stack"
    assert caught.value.hint


def test_stack_files_are_written_in_one_order_of_keys() -> None:
    order = ["name", "title", "attributes", "shell", "refines", "ignore", "checks", "guides", "detect"]
    for file in files("octrad.knowledge").joinpath("library/stacks").iterdir():
        keys = [key for key in tomllib.loads(file.read_text(encoding="utf-8")) if key in order]
        assert keys == sorted(keys, key=order.index), file.name


def test_unknown_stack_lists_the_known() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        require_stack(STACKS, "cobol")
    assert caught.value.field == "stack"
    assert "plain, pnpm, poetry, python" in caught.value.hint


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
