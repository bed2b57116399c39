# octrad.toml, and the units as NixOS wants them.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.octra;
  house = import ./house.nix { inherit config lib pkgs; };
  units = import ../units.nix house;
  configFile = (pkgs.formats.toml { }).generate "octrad.toml" house.settings;

  reads =
    name:
    lib.elem name [
      "octrad"
      "octra-gateway"
      "octra-runner"
    ];
in
{
  config = lib.mkIf cfg.enable {
    services.octra.settings = lib.mapAttrsRecursive (_: lib.mkDefault) (
      import ../derive-settings.nix cfg
    );
    environment.etc."octra/octrad.toml".source = configFile;
    systemd.services = lib.mapAttrs (
      name: unit: unit // { restartTriggers = lib.optional (reads name) configFile; }
    ) units.services;
    systemd.sockets = units.sockets;
    systemd.tmpfiles.rules = units.tmpfiles;
  };
}
