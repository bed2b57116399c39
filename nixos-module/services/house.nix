# The options of this system as what units.nix takes.
{
  config,
  lib,
  pkgs,
}:
let
  cfg = config.services.octra;
in
import ../house.nix {
  inherit (cfg) package;
  inherit (cfg) settings;
  values = cfg // {
    models = cfg.models // {
      addresses = cfg.models.addresses ++ config.networking.nameservers;
    };
  };
  machine = {
    configFile = "/etc/octra/octrad.toml";
    systemdVersion = lib.toInt (lib.versions.major config.systemd.package.version);
    coreutils = "${pkgs.coreutils}/bin";
    journalctl = "${config.systemd.package}/bin/journalctl";
    psql = "${config.services.postgresql.package}/bin/psql";
    # It is reached when the server runs and its roles and databases are made.
    postgresUnits = [ "postgresql.target" ];
    runnerPath = [
      config.nix.package
      pkgs.bashInteractive
      pkgs.bubblewrap
      pkgs.gitMinimal
    ];
    runnerGroups = [ ];
  };
}
