# Written by Octra, and written anew as long as nobody changes it: afa0efd98b632ae1
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
            pkgs.laravel
            pkgs.php
            pkgs.phpPackages.composer
          ];
          env = {
            COMPOSER_ALLOW_SUPERUSER = "1";
            COMPOSER_NO_INTERACTION = "1";
          };
        };
      });
    };
}
