"""Guides as users write them."""

from octrad.knowledge.guides import Guide, parse_guide

GUIDE = """\
name = "zag"
title = "Zag, our way"
ecosystem = "zigzag"
programs = ["zag"]
packages = ["zag"]
purpose = "Zags."
offline = ["It needs nothing."]
layout = ["One file."]
checks = ["zag check"]

[[command]]
run = "zag check"
does = "checks"
offline = true

[[command]]
run = "zag fetch"
does = "fetches"
offline = false
when = "there is a network"

[[error]]
says = "zag: cannot find `…`"
means = "It is not there."
cure = "Write it."
"""


def guide_named(name: str, *, old: str = "", new: str = "") -> str:
    """The text of a guide of that name, with a change."""
    text = GUIDE.replace('name = "zag"', f'name = "{name}"')
    assert old in text
    return text.replace(old, new) if old else text


def made_guide(name: str = "zag", *, old: str = "", new: str = "") -> Guide:
    return parse_guide(f"{name}.toml", guide_named(name, old=old, new=new))
