# `nix run .#demo` is what `make demo` is elsewhere; `nix run .#octractl` the client.
pkgs:
let
  inherit (pkgs) lib octrad octractl;
  python = pkgs.python3.withPackages (_: octrad.requiredPythonModules ++ [ (pkgs.python3.pkgs.toPythonModule octrad) ]);
  demo = pkgs.writeShellApplication {
    name = "octra-demo";
    runtimeInputs = [
      pkgs.bubblewrap
      pkgs.gitMinimal
      pkgs.nix
      pkgs.postgresql
      python
    ];
    text = "exec python3 ${./..}/scripts/demo.py";
  };
in
{
  demo = {
    type = "app";
    program = lib.getExe demo;
  };
  octractl = {
    type = "app";
    program = lib.getExe octractl;
  };
}
