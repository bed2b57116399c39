{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.octra;
  units = import ../units.nix (import ./house.nix { inherit config lib pkgs; });
in
{
  config = lib.mkIf cfg.enable {
    users.users = lib.mapAttrs (_: user: user // { isSystemUser = true; }) units.users;
    users.groups = lib.mapAttrs' (_: user: lib.nameValuePair user.group { }) units.users;
  };
}
