# What this flake adds to nixpkgs.
final: _: {
  octrad = final.callPackage ./octrad.nix { };
  octractl = final.callPackage ./octractl.nix { };
}
