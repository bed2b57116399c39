"""The text of flake.lock for the pin of nixpkgs that Octra brings. Pure: locking it needs no network."""

import json

from octrad.foundation.config import NIXPKGS_PIN

# Seen alike in the locks of two public projects. Change all of them together, with `foundation.config.NIXPKGS_PIN`.
PIN_BRANCH = "nixos-26.05"
PIN_REV = NIXPKGS_PIN.rpartition("/")[2]
PIN_LAST_MODIFIED = 1782116945
PIN_NAR_HASH = "sha256-G3tw/IXmaH6IQ2upZvhuN9sG8CkuX+BLuJDpE8hz0Ds="
PIN_URL = f"github:NixOS/nixpkgs/{PIN_BRANCH}"


def pinned_lock_text() -> str:
    """The lock of a flake whose only input is nixpkgs at `PIN_URL`, as Nix writes it."""
    repository = {"owner": "NixOS", "repo": "nixpkgs", "type": "github"}
    locked = {**repository, "lastModified": PIN_LAST_MODIFIED, "narHash": PIN_NAR_HASH, "rev": PIN_REV}
    nixpkgs = {"locked": locked, "original": {**repository, "ref": PIN_BRANCH}}
    nodes = {"nixpkgs": nixpkgs, "root": {"inputs": {"nixpkgs": "nixpkgs"}}}
    return json.dumps({"nodes": nodes, "root": "root", "version": 7}, indent=2, sort_keys=True) + "\n"
