# Makes the extension that only a superuser may make, between PostgreSQL's own set-up and octrad.
{ user, database, ... }:
{
  description = "pgvector in Octra's database";
  requires = database.localUnits;
  after = database.localUnits;
  before = [ "octrad.service" ];
  serviceConfig = import ./hardening.nix // {
    Type = "oneshot";
    RemainAfterExit = true;
    User = "postgres";
    ExecStart = "${database.psql} --no-psqlrc --set=ON_ERROR_STOP=1 --dbname=${user} --command='CREATE EXTENSION IF NOT EXISTS vector'";
  };
}
