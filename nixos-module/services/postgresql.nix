# PostgreSQL on this machine: a role that is a user of the system, known by the kernel's word and without a password.
{ config, lib, ... }:
let
  cfg = config.services.octra;
in
{
  config = lib.mkIf (cfg.enable && cfg.database.createLocally) {
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
  };
}
