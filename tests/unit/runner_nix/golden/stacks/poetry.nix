# Written by Octra, and written anew as long as nobody changes it: 22e765c2a3cb2d6e
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
            pkgs.poetry
            pkgs.python3
          ];
          env = {
            POETRY_NO_INTERACTION = "1";
            POETRY_VIRTUALENVS_IN_PROJECT = "true";
            PYTHONDONTWRITEBYTECODE = "1";
          };
        };
      });
    };
}
