"""Generates `nixos-module/settings.json`, the keys of octrad.toml for the options of the NixOS module.

Types and defaults come from `octrad/foundation/config.py`, the words from its comments. `--check` proves that it
matches.

    python scripts/describe_settings.py            writes nixos-module/settings.json
    python scripts/describe_settings.py --check    exits 1 when it differs
"""

import inspect
import json
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Gt
from document_config import read_meanings
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from octrad.foundation import config

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "nixos-module" / "settings.json"
_KINDS: Mapping[Any, str] = {
    str: "text",
    Path: "path",
    bool: "boolean",
    int: "integer",
    float: "number",
    tuple[str, ...]: "texts",
    dict[str, tuple[float, float]]: "pairs",
}


def main() -> None:
    """Writes the file, or with `--check` compares it."""
    text = json.dumps(describe(config.Config)["keys"], indent=2) + "\n"
    if sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            sys.exit(f"{PAGE.relative_to(ROOT)} differs from octrad/foundation/config.py (run `make stubs`)")
        return
    PAGE.write_text(text, encoding="utf-8")


def describe(section: type[BaseModel]) -> dict[str, Any]:
    """A section with its keys, and theirs."""
    keys = {name: _describe_key(section, name, field) for name, field in section.model_fields.items()}
    return {"kind": "section", "description": " ".join((section.__doc__ or "").split()), "keys": keys}


def _describe_key(section: type[BaseModel], name: str, field: FieldInfo) -> dict[str, Any]:
    annotation = _without_none(field.annotation)
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return describe(annotation)
    if get_origin(annotation) is dict and issubclass(inner := get_args(annotation)[1], BaseModel):
        return describe(inner) | {"kind": "sections"}
    described = {"description": _meaning(section, name), "default": _default(field)}
    if get_origin(annotation) is Literal:
        return described | {"kind": "enum", "values": list(get_args(annotation))}
    return described | {"kind": _KINDS[annotation], "positive": any(isinstance(rule, Gt) for rule in field.metadata)}


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) not in {Union, types.UnionType}:
        return annotation
    (kept,) = (argument for argument in get_args(annotation) if argument is not types.NoneType)
    return kept


def _meaning(section: type[BaseModel], name: str) -> str:
    meanings = read_meanings((ROOT / "octrad" / "foundation" / "config.py").read_text(encoding="utf-8"))
    # A section may have the keys of another that it extends.
    return next(meanings[owner.__name__, name] for owner in section.__mro__ if (owner.__name__, name) in meanings)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "none, it must be given"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return "none" if value in ("", None, (), {}) else f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    main()
