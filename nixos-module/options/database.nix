{ config, lib, ... }:
let
  cfg = config.services.octra.database;
in
{
  options.services.octra.database = {
    createLocally = lib.mkOption {
      type = lib.types.bool;
      default = cfg.dsnFile == null;
      defaultText = lib.literalExpression "config.services.octra.database.dsnFile == null";
      description = ''
        Whether PostgreSQL on this machine is the database: {option}`services.postgresql` with pgvector, a database and
        a role named like {option}`services.octra.user`, and peer authentication over the Unix socket, without a
        password. octrad then has no network at all.
      '';
    };

    dsnFile = lib.mkOption {
      type = with lib.types; nullOr (either path str);
      default = null;
      example = "/run/secrets/octra-dsn";
      description = ''
        A file that holds the DSN of another database, PostgreSQL 15 or later with pgvector, and nothing else. It is
        read by systemd as root and given to octrad as a credential. It must not be in the Nix store, which everybody
        can read.
      '';
    };

    addresses = lib.mkOption {
      type = with lib.types; listOf str;
      default = [ "localhost" ];
      example = [ "10.0.0.5" ];
      description = ''
        The addresses and networks that octrad may reach where its database or its Redis is not a Unix socket; all
        others are blocked by the kernel (`IPAddressAllow=`).
      '';
    };
  };
}
