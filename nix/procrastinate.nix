# The queue; nixpkgs does not have it. The wheel is the one that requirements.txt locks, by the same hash.
{
  lib,
  buildPythonPackage,
  fetchPypi,
  asgiref,
  attrs,
  croniter,
  packaging,
  psycopg,
  psycopg-pool,
  python-dateutil,
  typing-extensions,
}:
buildPythonPackage rec {
  pname = "procrastinate";
  version = "3.10.0";
  format = "wheel";

  src = fetchPypi {
    inherit pname version;
    format = "wheel";
    dist = "py3";
    python = "py3";
    sha256 = "949ad25b4377c30e03a9d0e053d15dfa47ef02b3f12ae8a7f3254686183c152c";
  };

  dependencies = [
    asgiref
    attrs
    croniter
    packaging
    psycopg
    psycopg-pool
    python-dateutil
    typing-extensions
  ];

  pythonImportsCheck = [ "procrastinate" ];

  meta = {
    description = "Task queue on PostgreSQL";
    homepage = "https://procrastinate.readthedocs.io";
    license = lib.licenses.mit;
  };
}
