"""The three ways in which Nix writes a SHA-256, made into one. Pure."""

import base64
import binascii

_DIGITS = "0123456789abcdfghijklmnpqrsvwxyz"
_BYTES = 32


def nar_hash_hex(text: str) -> str:
    """A hash as `sha256:` and 64 hexadecimal digits.

    Args:
        text: `sha256-BASE64`, or `sha256:` and base 16, base 32 in Nix's alphabet, or base 64.

    Raises:
        ValueError: it is none of these.
    """
    algorithm, digits = text[:6], text[7:]
    if algorithm != "sha256" or text[6:7] not in (":", "-"):
        raise ValueError(f"not a SHA-256: {text[:100]}")
    return f"sha256:{_decode(digits).hex()}"


def _decode(digits: str) -> bytes:
    match len(digits):
        case 64:
            return bytes.fromhex(digits)
        case 52:
            return _from_base32(digits)
        case 44:
            try:
                return base64.b64decode(digits, validate=True)
            except binascii.Error as error:
                raise ValueError(str(error)) from error
        case _:
            raise ValueError(f"not a SHA-256: {digits[:100]}")


def _from_base32(digits: str) -> bytes:
    """Nix's base 32: the last digit holds the lowest bits of the first byte."""
    number = 0
    for digit in digits:
        number = number * 32 + _DIGITS.index(digit)
    return number.to_bytes(_BYTES + 1, "little")[:_BYTES]
