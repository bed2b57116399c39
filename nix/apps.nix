# `nix run .#demo` is what `make demo` is elsewhere; `nix run .#octractl` the client.
pkgs:
let
  inherit (pkgs) lib octrad octractl;
  python = pkgs.python3.withPackages (python: [ (python.toPythonModule octrad) ]);
  demo = pkgs.writeShellApplication {
    name = "octra-demo";
    runtimeInputs = [
      pkgs.bubblewrap
      pkgs.gitMinimal
      pkgs.nix
      (pkgs.postgresql.withPackages (extensions: [ extensions.pgvector ]))
      python
    ];
    # The demo's environments are made of the nixpkgs that built it.
    runtimeEnv.OCTRA_NIXPKGS = "${pkgs.path}";
    text = builtins.readFile ./demo.sh + "python3 ${./..}/scripts/demo.py\n";
  };
in
{
  demo = {
    type = "app";
    program = lib.getExe demo;
    meta.description = "From a request to a proved, snapshotted, restored project";
  };
  octractl = {
    type = "app";
    program = lib.getExe octractl;
    meta.description = "The client";
  };
}
