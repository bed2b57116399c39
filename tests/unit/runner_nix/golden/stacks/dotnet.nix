# Written by Octra, and written anew as long as nobody changes it: 8c040d9ac47fe95c
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
            pkgs.dotnet-sdk
          ];
          env = {
            DOTNET_CLI_TELEMETRY_OPTOUT = "1";
            DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE = "true";
            DOTNET_NOLOGO = "1";
            NuGetAudit = "false";
          };
        };
      });
    };
}
