{
  config,
  lib,
  pkgs,
  ...
}:
let
  # A flake's own source is in the store already. A channel is put there, under the name with which Nix takes a path as it
  # is and does not copy it again at every evaluation.
  flakeSource = config.nixpkgs.flake.source or null;
  source =
    if flakeSource != null then
      flakeSource
    else
      builtins.path {
        name = "source";
        path = pkgs.path;
      };
in
{
  options.services.octra.nixpkgs = lib.mkOption {
    type = with lib.types; nullOr (either path str);
    default = "${source}";
    defaultText = lib.literalMD "the nixpkgs of this system, `pkgs.path`";
    example = "github:NixOS/nixpkgs/34268251cf5547d39063f2c5ea9a196246f7f3a6";
    description = ''
      The nixpkgs that project environments are made of: an absolute path of one with a `flake.nix`, or
      `github:OWNER/REPO/REV`, which needs {option}`services.octra.sandbox.fetch`. Null: the one that is pinned in Octra,
      which needs it as well.
    '';
  };
}
