# The module in a whole NixOS: every option evaluates, every assertion holds, and the exposure of the units is bounded.
{ pkgs, self }:
let
  inherit (pkgs) lib;
  system = import "${pkgs.path}/nixos/lib/eval-config.nix" {
    inherit (pkgs.stdenv.hostPlatform) system;
    modules = [
      self.nixosModules.default
      {
        boot.isContainer = true;
        system.stateVersion = "26.05";
        services.octra = {
          enable = true;
          models.chain = [ "anthropic/claude-sonnet-4-5" ];
          models.providers.anthropic.keyFile = "/run/secrets/anthropic";
        };
      }
    ];
  };
  units = system.config.systemd.units;
  # `--user`, because a build may not make /run; what is looked at is the same.
  bound = name: threshold: ''
    XDG_RUNTIME_DIR=$TMPDIR systemd-analyze --user security --offline=true --threshold=${toString threshold} \
      ${units."${name}.service".unit}/${name}.service
  '';
  failed = lib.filter (judged: !judged.assertion) system.config.assertions;
in
assert lib.assertMsg (failed == [ ]) (lib.concatMapStringsSep "\n" (judged: judged.message) failed);
pkgs.runCommand "octra-module" { nativeBuildInputs = [ pkgs.systemd ]; } ''
  ${bound "octrad" 8}
  ${bound "octra-gateway" 10}
  ${bound "octra-runner" 20}
  touch $out
''
