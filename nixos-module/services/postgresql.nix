# PostgreSQL on this machine: a role that is a user of the system, known by the kernel's word and without a password.
{ config, lib, ... }:
let
  cfg = config.services.octra;
in
{
  config = lib.mkIf (cfg.enable && cfg.database.createLocally) {
    # A system that began with an older NixOS has an older PostgreSQL until somebody upgrades it.
    assertions = [
      {
        assertion = lib.versionAtLeast config.services.postgresql.package.version "15";
        message = "services.octra.database: PostgreSQL ${config.services.postgresql.package.version} is too old; set `services.postgresql.package` to 15 or later and move your data there, or name another database in `dsnFile`";
      }
    ];

    services.postgresql = {
      enable = true;
      extensions = extensions: [ extensions.pgvector ];
      ensureDatabases = [ cfg.user ];
      ensureUsers = [
        {
          name = cfg.user;
          ensureDBOwnership = true;
        }
      ];
    };
    # The server's may be another than what libpq tries by itself.
    systemd.services = lib.genAttrs [ "octrad" "octra-database" ] (_: {
      environment.PGPORT = toString config.services.postgresql.settings.port;
    });
  };
}
