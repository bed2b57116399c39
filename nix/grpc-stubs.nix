# gRPC's types, for mypy; nixpkgs does not have them. The wheels are those that requirements-dev.txt locks.
{ buildPythonPackage, fetchPypi }:
let
  stubs =
    {
      pname,
      version,
      sha256,
    }:
    buildPythonPackage {
      inherit pname version;
      format = "wheel";

      src = fetchPypi {
        pname = builtins.replaceStrings [ "-" ] [ "_" ] pname;
        inherit version sha256;
        format = "wheel";
        dist = "py3";
        python = "py3";
      };
    };
in
map stubs [
  {
    pname = "types-grpcio";
    version = "1.85.0.20261028";
    sha256 = "2c2684330ae57ab64ffb43183ac652e73d2609024e6076e3e9d2b8ae06816207";
  }
  {
    pname = "types-grpcio-status";
    version = "1.0.0.20260408";
    sha256 = "5d421512b6a9ae5d0f84cde9c251394da5bd77ddc96e122221ac23c8e1ce3acf";
  }
]
