# What `nix flake check` runs.
{ pkgs, self }:
let
  inherit (pkgs) lib;
  python = pkgs.python3.withPackages (
    python:
    pkgs.octrad.dependencies
    ++ (with python; [
      hypothesis
      pytest
      pytest-asyncio
      pytest-timeout
    ])
  );
  typed = pkgs.python3.withPackages (
    python:
    pkgs.octrad.dependencies
    ++ python.callPackage ./grpc-stubs.nix { }
    ++ (with python; [
      hypothesis
      mypy
      pytest
      types-jsonschema
      types-protobuf
      types-setuptools
    ])
  );
  run =
    name: inputs: script:
    pkgs.runCommand "octra-${name}" { nativeBuildInputs = inputs; } ''
      cp -r ${self} source && chmod -R u+w source && cd source
      export HOME=$TMPDIR
      ${script}
      touch $out
    '';
in
{
  format = run "format" [
    pkgs.nixfmt
    pkgs.ruff
  ] "ruff format --check . && find . -name '*.nix' -not -path '*/golden/*' -exec nixfmt --check {} +";
  lint = run "lint" [ pkgs.ruff pkgs.shellcheck ] "ruff check . && shellcheck scripts/setup .ci/run";
  types = run "types" [ typed ] "mypy";
  unit = run "unit" [ python ] "python -m pytest tests/unit";
  module = import ./checks/module.nix { inherit pkgs self; };
  stacks = import ./checks/stacks.nix { inherit pkgs; };
  machines = pkgs.testers.runNixOSTest (import ./checks/machines.nix { inherit self; });
}
