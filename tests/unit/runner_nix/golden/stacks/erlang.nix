# Written by Octra, and written anew as long as nobody changes it: 5fa4ef6abff8b7d2
{
  description = "A project";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      forEachSystem =
        shells:
        nixpkgs.lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (
          system: shells nixpkgs.legacyPackages.${system}
        );
    in
    {
      devShells = forEachSystem (pkgs: {
        default = pkgs.mkShellNoCC {
          packages = [
            pkgs.beamPackages.erlang
            pkgs.rebar3
          ];
          env = {
            REBAR_COLOR = "none";
            REBAR_OFFLINE = "1";
          };
        };
      });
    };
}
