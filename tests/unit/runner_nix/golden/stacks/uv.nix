# Written by Octra, and written anew as long as nobody changes it: a50f8bc57eb6eb31
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
            pkgs.python3
            pkgs.uv
          ];
          env = {
            PYTHONDONTWRITEBYTECODE = "1";
            UV_NO_PROGRESS = "1";
            UV_OFFLINE = "1";
            UV_PYTHON_DOWNLOADS = "never";
          };
        };
      });
    };
}
