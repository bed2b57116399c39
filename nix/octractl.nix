# The client alone, for machines that use an octrad elsewhere through a forwarded socket.
{
  lib,
  installShellFiles,
  python3Packages,
}:
python3Packages.buildPythonApplication {
  pname = "octractl";
  version = (lib.importTOML ../pyproject.toml).project.version;
  pyproject = true;
  src = import ./source.nix { inherit lib; };

  build-system = [ python3Packages.setuptools ];
  nativeBuildInputs = [ installShellFiles ];
  dependencies = with python3Packages; [
    click
    googleapis-common-protos
    grpcio
    grpcio-status
    protobuf
    rich
  ];
  # The project's list is the daemon's.
  dontCheckRuntimeDeps = true;
  postInstall = ''
    rm -r $out/bin/octrad $out/${python3Packages.python.sitePackages}/octrad
  '';
  postFixup = import ./completions.nix;
  pythonImportsCheck = [ "octractl" ];

  meta = import ./meta.nix { inherit lib; } // {
    mainProgram = "octractl";
  };
}
