# The runner is an ordinary user of the Nix daemon. It is never a trusted one: that is as good as being root.
{ config, lib, ... }:
let
  cfg = config.services.octra;
in
{
  config = lib.mkIf (cfg.enable && !cfg.snapshots.privateStore) {
    # Where everybody may use the daemon this repeats that; where the system says who may, it adds the runner. Only the
    # list's element looks at the other settings, since what keys there are must not depend on them.
    nix.settings.extra-allowed-users = [
      (if lib.elem "*" config.nix.settings.allowed-users then "*" else "octra-runner")
    ];
  };
}
