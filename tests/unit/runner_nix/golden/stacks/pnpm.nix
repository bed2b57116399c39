# Written by Octra, and written anew as long as nobody changes it: e456c05b0ada321d
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
            pkgs.nodejs
            pkgs.pnpm
          ];
          env = {
            npm_config_manage_package_manager_versions = "false";
            npm_config_offline = "true";
            npm_config_update_notifier = "false";
          };
        };
      });
    };
}
