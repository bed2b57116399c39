# Written by Octra, and written anew as long as nobody changes it: 5d80c1e2c7fedd54
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
            pkgs.yarn
          ];
          env = {
            YARN_ENABLE_TELEMETRY = "0";
            npm_config_offline = "true";
            npm_config_update_notifier = "false";
          };
        };
      });
    };
}
