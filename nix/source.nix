# The files that the packages are built of, so that a change of a test or a page builds nothing anew.
{ lib }:
lib.fileset.toSource {
  root = ../.;
  fileset = lib.fileset.unions [
    ../LICENSE
    ../README.md
    ../octra_proto
    ../octractl
    ../octrad
    ../pyproject.toml
    ../systemd
  ];
}
