"""One hash of all that questions are made of: calls that carry the same were asked alike, and can be compared.

What a task brings itself, its request and its files, is no part of it.
"""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

# Packages and their directories of data files, in a fixed order.
_SOURCES: Final = (
    ("octrad.knowledge", "library/guides"),
    ("octrad.knowledge", "library/stacks"),
    ("octrad.pipeline", "prompts"),
)


@cache
def hash_content() -> str:
    """The SHA-256 of the prompts, guides and stacks that are shipped: their names and every byte of them."""
    digest = hashlib.sha256()
    for package, directory in _SOURCES:
        found = sorted(files(package).joinpath(directory).iterdir(), key=lambda file: file.name)
        for file in found:
            if file.is_file():
                content = hashlib.sha256(file.read_bytes()).hexdigest()
                digest.update(f"{directory}/{file.name} {content}\n".encode())
    return digest.hexdigest()


def hash_call(content_hash: str, prices_hash: str) -> str:
    """The SHA-256 that goes into a row of the ledger: of the content, and of the prices that it was charged at."""
    return hashlib.sha256(f"{content_hash} {prices_hash}".encode()).hexdigest()
