"""A nixpkgs of the tests: the stand-in, with packages that are not to be had, told as nixpkgs' own check-meta does."""

from pathlib import Path

from octrad.runner.server.nix.write_stand_in import write_stand_in

_FLAKE = """{
  outputs = { self }: let host = (import ./host.nix).outputs { self = null; }; in {
    inherit (host) lib;
    legacyPackages = host.lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (system: import ./. { inherit system; });
  };
}"""
_DEFAULT = """{ system, config ? { } }:
let
  host = ((import ./host.nix).outputs { self = null; }).legacyPackages.${system};
  package = name: meta:
    let
      isUnfree = meta.unfree or false || !(meta.license.free or true);
      words =
        if meta.broken or false then "is marked as broken"
        else if isUnfree && !(config.allowUnfree or false) then "has an unfree license ('unfree')"
        else "";
      handled = value: if words == "" then value else throw "Package '${name}' ${words}, refusing to evaluate.";
    in
    host.git // {
      inherit meta;
      pname = name;
      drvPath = handled host.git.drvPath;
      outPath = handled host.git.outPath;
    };
in
host // {
  proprietary = package "proprietary" { unfree = true; };
  licensed = package "licensed" { license.free = false; };
  twice-licensed = package "twice-licensed" { license = [ { free = true; } { free = false; } ]; };
  free = package "free" { license = { free = true; }; };
  worded = package "worded" { license = "MIT"; };
  broken = package "broken" { broken = true; };
  insecure = package "insecure" { knownVulnerabilities = [ "CVE" ]; };
  elsewhere = package "elsewhere" { unsupported = true; };
  needs-broken = host.git // { drvPath = (package "broken" { broken = true; }).drvPath; };
  unbuildable = derivation { name = "unbuildable"; inherit system; builder = "/bin/bash"; args = [ "-c" "exit 1" ]; };
  renamed = throw "'renamed' has been renamed to 'other'";
  endless = let f = n: f (n + 1); in f 0;
  pkgs.pkgs.free = package "free" { };
}"""


def write_faulty_nixpkgs(directory: Path) -> Path:
    """Writes it and returns the directory."""
    write_stand_in(directory)
    (directory / "flake.nix").rename(directory / "host.nix")
    (directory / "flake.nix").write_text(_FLAKE)
    (directory / "default.nix").write_text(_DEFAULT)
    return directory
