# Written by Octra, and written anew as long as nobody changes it: 9095c7284b281f6d
{
  description = "A \"todo\" \${list}";

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
        default = pkgs.mkShell {
          packages = [
            pkgs.beam."if"."7zip"
            pkgs.cargo
            pkgs.phpPackages.composer
            pkgs.rustc
          ];
          env = {
            RUST_BACKTRACE = "1";
            "in" = "a \"\${b}\"";
          };
        };
      });
    };
}
