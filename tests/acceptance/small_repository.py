"""The repository that the scenario `change-repository` changes."""

from pathlib import Path

from tests.daemon import git

GREET = '''"""Greets people."""


def greet(name: str) -> str:
    return f"Hello, {name}!"
'''

TEST = """import unittest

from greet import greet


class GreetTest(unittest.TestCase):
    def test_greets_by_name(self) -> None:
        self.assertEqual(greet("Ada"), "Hello, Ada!")
"""


def make_small_repository(path: Path) -> Path:
    """Makes it with two commits of its user's."""
    (path / "tests").mkdir(parents=True)
    git(path, "init", "-q", "-b", "main")
    (path / "greet.py").write_text(GREET)
    git(path, "add", "-A")
    git(path, "commit", "-qm", "Greet by name")
    (path / "tests" / "__init__.py").touch()
    (path / "tests" / "test_greet.py").write_text(TEST)
    (path / ".gitignore").write_text("__pycache__/\n")
    git(path, "add", "-A")
    git(path, "commit", "-qm", "Test the greeting")
    return path
