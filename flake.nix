{
  description = "Octra, a daemon that turns a request into a tested, snapshotted, restorable software project";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      forEachSystem = nixpkgs.lib.genAttrs systems;
      perSystem =
        make: forEachSystem (system: make (nixpkgs.legacyPackages.${system}.extend self.overlays.default));
    in
    {
      packages = perSystem (pkgs: {
        inherit (pkgs) octrad octractl;
        default = pkgs.octrad;
      });
      overlays.default = import ./nix/overlay.nix;
      # It sets no overlay: a system whose nixpkgs is given to it, as in tests of NixOS, would refuse the module for it.
      nixosModules.default = ./nixos-module;
      apps = perSystem (import ./nix/apps.nix);
      devShells = perSystem (import ./nix/dev-shells.nix);
      checks = perSystem (pkgs: import ./nix/checks.nix { inherit pkgs self; });
      formatter = perSystem (pkgs: pkgs.nixfmt-tree);
    };
}
