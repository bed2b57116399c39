# The daemon and its client, with completions and the catalog of its messages.
{
  lib,
  bubblewrap,
  gitMinimal,
  installShellFiles,
  makeBinaryWrapper,
  nix,
  python3Packages,
}:
python3Packages.buildPythonApplication rec {
  pname = "octrad";
  version = (lib.importTOML ../pyproject.toml).project.version;
  pyproject = true;
  src = import ./source.nix { inherit lib; };

  build-system = [ python3Packages.setuptools ];
  nativeBuildInputs = [
    installShellFiles
    makeBinaryWrapper
  ];
  # nixpkgs' own versions: what pyproject.toml pins is what the tests outside of NixOS run on.
  pythonRelaxDeps = true;
  dependencies =
    (with python3Packages; [
      aiohttp
      click
      detect-secrets
      googleapis-common-protos
      grpcio
      grpcio-health-checking
      grpcio-reflection
      grpcio-status
      jsonschema
      litellm
      pgvector
      protobuf
      psycopg
      psycopg-pool
      pydantic
      redis
      rich
      systemd-python
    ])
    ++ [ (python3Packages.callPackage ./procrastinate.nix { }) ];

  makeWrapperArgs = [
    # `octrad check`, and an octrad that somebody starts by hand, start the servants as `python -m octrad`.
    "--prefix"
    "PYTHONPATH"
    ":"
    "${placeholder "out"}/${python3Packages.python.sitePackages}:${python3Packages.makePythonPath dependencies}"
    # The unit of the runner names its own; these are for them, too.
    "--suffix"
    "PATH"
    ":"
    (lib.makeBinPath [
      bubblewrap
      gitMinimal
      nix
    ])
  ];
  postFixup = import ./completions.nix;
  pythonImportsCheck = [
    "octrad"
    "octractl"
  ];

  meta = import ./meta.nix { inherit lib; } // {
    mainProgram = "octrad";
  };
}
