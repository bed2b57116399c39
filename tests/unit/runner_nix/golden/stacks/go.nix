# Written by Octra, and written anew as long as nobody changes it: ebb7c2b488796ef0
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
            pkgs.delve
            pkgs.go
            pkgs.golangci-lint
            pkgs.gopls
            pkgs.gotools
          ];
          env = {
            CGO_ENABLED = "0";
            GOFLAGS = "-mod=mod";
            GOPROXY = "off";
            GOTOOLCHAIN = "local";
          };
        };
      });
    };
}
