# Written by Octra, and written anew as long as nobody changes it: de68be998c89ef69
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
            pkgs.elixir
            pkgs.inotify-tools
          ];
          env = {
            ELIXIR_ERL_OPTIONS = "+fnu";
            MIX_DEPS_PATH = "vendor";
          };
        };
      });
    };
}
