"""One hash of all that questions are made of: calls that carry the same were asked alike, and can be compared.

What a task brings itself, its request and its files, is no part of it; nor are prices, whose hash stands beside it.
"""

import hashlib
from functools import cache
from importlib.resources import files

from octrad.knowledge.library import Library


def hash_content(library: Library) -> str:
    """The SHA-256 of the prompts, and of every stack, guide and skill in use: their names and every byte of them."""
    return hashlib.sha256(f"{_hash_prompts()} {library.digest}".encode()).hexdigest()


@cache
def _hash_prompts() -> str:
    digest = hashlib.sha256()
    for file in sorted(files("octrad.pipeline.questions").joinpath("prompts").iterdir(), key=lambda file: file.name):
        if file.is_file():
            digest.update(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
