# Written by Octra, and written anew as long as nobody changes it: 82ad68009b87f2aa
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
            pkgs.opentofu
          ];
          env = {
            CHECKPOINT_DISABLE = "1";
            TF_INPUT = "0";
            TF_IN_AUTOMATION = "1";
          };
        };
      });
    };
}
