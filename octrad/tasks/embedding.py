"""A vector for a text without a model: hashed words, word pairs and letter triples. Pure.

It finds near-duplicates and shared words, not meaning, and says so in its name: it stands in where no embedding model
is configured, and its vectors are never compared with those of another.
"""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

EMBEDDING_MODEL: Final = "octra/hashing-384"
DIMENSIONS: Final = 384
# Of a long request, what comes first says what it is about; this bounds the time of a submit to a few milliseconds.
CHARACTERS_READ: Final = 4000

_WORD: Final = re.compile(r"\w+")
_WORD_WEIGHT: Final = 1.0
_PAIR_WEIGHT: Final = 0.7
_TRIPLE_WEIGHT: Final = 0.3


def embed(text: str) -> tuple[float, ...]:
    """The text as a vector of `DIMENSIONS` numbers of length 1; a text without words gives a constant vector."""
    vector = [0.0] * DIMENSIONS
    for feature, weight in _weights(_WORD.findall(text[:CHARACTERS_READ].casefold())).items():
        digest = int.from_bytes(hashlib.blake2b(feature.encode("utf-8", "replace"), digest_size=8).digest())
        vector[(digest >> 1) % DIMENSIONS] += weight if digest & 1 else -weight
    length = math.sqrt(sum(value * value for value in vector))
    if length == 0:
        return (1.0,) + (0.0,) * (DIMENSIONS - 1)
    return tuple(value / length for value in vector)


def vector_literal(vector: tuple[float, ...]) -> str:
    """The vector as pgvector reads it."""
    return "[" + ",".join(f"{value:.6g}" for value in vector) + "]"


def _weights(words: list[str]) -> dict[str, float]:
    # A feature that comes n times counts 1 + ln n, so that a word that is said often does not drown the rest.
    return {feature: weight * (1 + math.log(count)) for (feature, weight), count in Counter(_features(words)).items()}


def _features(words: list[str]) -> Iterator[tuple[str, float]]:
    for word in words:
        yield f"w:{word}", _WORD_WEIGHT
        padded = f" {word} "
        for start in range(len(padded) - 2):
            yield f"t:{padded[start : start + 3]}", _TRIPLE_WEIGHT
    for first, second in pairwise(words):
        yield f"p:{first} {second}", _PAIR_WEIGHT
