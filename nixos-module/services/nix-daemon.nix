# The runner is an ordinary user of the Nix daemon. It is never a trusted one: that is as good as being root.
{ config, lib, ... }:
let
  cfg = config.services.octra;
in
{
  config = lib.mkIf cfg.enable {
    # Who may use the daemon is everybody unless the system says otherwise; adding a name is only right where it does.
    nix.settings.extra-allowed-users = lib.mkIf (
      !cfg.snapshots.privateStore && !lib.elem "*" (config.nix.settings.allowed-users or [ "*" ])
    ) [ "octra-runner" ];
  };
}
