"""A repository is known by its files: the more specific stack in place of the general, and parts one directory down."""

import time

import pytest

from octrad.knowledge.detect_stacks import detect_stacks
from octrad.knowledge.library import read_library
from octrad.knowledge.stacks import STACKS_AT_MOST

STACKS = read_library().stacks
# What a project of the stack has, as its tool writes it; the first by which it is known stands for the others.
PROJECTS = {
    "bun": ["package.json", "bun.lock", "index.ts"],
    "clojure": ["project.clj", "src/a/core.clj"],
    "cpp": ["CMakeLists.txt", "src/main.cpp"],
    "crystal": ["shard.yml", "src/a.cr"],
    "dart": ["pubspec.yaml", "bin/a.dart"],
    "deno": ["deno.json", "main.ts"],
    "dotnet": ["a.csproj", "Program.cs"],
    "elixir": ["mix.exs", "lib/a.ex"],
    "elm": ["elm.json", "src/Main.elm"],
    "erlang": ["rebar.config", "src/a.app.src"],
    "flutter": ["pubspec.yaml", ".metadata", "lib/main.dart", "android/app/build.gradle.kts", "ios/Runner/Info.plist"],
    "gleam": ["gleam.toml", "src/a.gleam"],
    "go": ["go.mod", "main.go"],
    "haskell": ["a.cabal", "app/Main.hs"],
    "haskell-stack": ["a.cabal", "stack.yaml", "src/Main.hs"],
    "java-gradle": ["settings.gradle.kts", "gradlew", "app/build.gradle.kts", "app/src/main/java/a/App.java"],
    "java-maven": ["pom.xml", "src/main/java/a/App.java"],
    "julia": ["Project.toml", "src/A.jl"],
    "kotlin": ["settings.gradle.kts", "build.gradle.kts", "src/main/kotlin/Main.kt"],
    "laravel": ["composer.json", "artisan", "package.json", "bootstrap/app.php"],
    "lua": ["a-dev-1.rockspec", "src/a.lua"],
    "meson": ["meson.build", "a.cpp"],
    "nim": ["a.nimble", "src/a.nim"],
    "node": ["package.json", "package-lock.json", "index.js"],
    "ocaml": ["dune-project", "bin/main.ml"],
    "opentofu": ["main.tf", "variables.tf"],
    "php": ["composer.json", "src/A.php"],
    "phoenix": ["mix.exs", "lib/a_web.ex", "lib/a_web/endpoint.ex"],
    "pnpm": ["package.json", "pnpm-lock.yaml"],
    "poetry": ["pyproject.toml", "poetry.lock"],
    "python": ["pyproject.toml", "a/__init__.py"],
    "r": ["DESCRIPTION", "NAMESPACE", "R/a.R"],
    "rails": ["Gemfile", "Gemfile.lock", "Rakefile", "bin/rails", "config/application.rb"],
    "ruby": ["Gemfile", "lib/a.rb"],
    "rust": ["Cargo.toml", "src/main.rs"],
    "scala": ["build.sbt", "project/build.properties"],
    "swift": ["Package.swift", "Sources/a/main.swift"],
    "uv": ["pyproject.toml", "uv.lock", ".python-version"],
    "yarn": ["package.json", "yarn.lock"],
    "zig": ["build.zig", "src/main.zig"],
}


def found(*paths: str) -> list[str]:
    return [f"{one.directory}/{one.name}" if one.directory else one.name for one in detect_stacks(STACKS, paths)]


@pytest.mark.parametrize("name", sorted(STACKS.keys() - {"plain"}))
def test_project_of_every_stack_is_known_by_its_files(name: str) -> None:
    assert found(*PROJECTS[name])[0] == name


@pytest.mark.parametrize(
    ("paths", "stacks"),
    [
        (["README.md", "src/main.c"], []),
        (["Cargo.toml", "Cargo.lock", "package.json"], ["rust", "node"]),
        (["package.json", "package-lock.json", "CMakeLists.txt"], ["node", "cpp"]),
        (["backend/Cargo.toml", "frontend/package.json", "frontend/yarn.lock"], ["backend/rust", "frontend/yarn"]),
        (["go.mod", "web/package.json", "web/pnpm-lock.yaml"], ["go", "web/pnpm"]),
        (["vendor/go.mod", "docs/package.json", ".github/package.json", "tests/Cargo.toml"], []),
        (["a/b/go.mod"], []),
        (["package.json", "pnpm-workspace.yaml", "app/package.json", "site/package-lock.json"], ["pnpm"]),
        (["lib/main.dart"], []),
        (["go.mod\nCargo.toml"], []),
    ],
)
def test_stacks_of_a_tree(paths: list[str], stacks: list[str]) -> None:
    assert found(*paths) == stacks


def test_no_more_are_found_than_a_project_may_have() -> None:
    assert len(found(*(path for project in PROJECTS.values() for path in project))) == STACKS_AT_MOST


def test_large_tree_is_looked_through_at_once() -> None:
    paths = [f"source/module-{number % 300}/file-{number}.txt" for number in range(100_000)]
    began = time.perf_counter()
    assert found(*paths, "go.mod") == ["go"]
    assert time.perf_counter() - began < 3
