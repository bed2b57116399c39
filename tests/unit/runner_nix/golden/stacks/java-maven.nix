# Written by Octra, and written anew as long as nobody changes it: c2ca6931c542c359
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
            pkgs.jdk
            pkgs.maven
          ];
          env = {
            MAVEN_ARGS = "-B -ntp -Dmaven.repo.local=.m2";
          };
        };
      });
    };
}
