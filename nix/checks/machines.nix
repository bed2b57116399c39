# Two machines: one that keeps a project for a member and refuses a stranger, and one whose database is the first one's.
{ self }:
{
  name = "octra";

  nodes =
    let
      octra = {
        imports = [ self.nixosModules.default ];
        virtualisation.memorySize = 3072;
        services.octra = {
          enable = true;
          models.chain = [ "rehearsal/python-cli" ];
          models.providers.rehearsal.baseUrl = "http://127.0.0.1:4999/v1";
        };
        users.users.alice = {
          isNormalUser = true;
          extraGroups = [ "octra" ];
        };
        users.users.mallory.isNormalUser = true;
      };
    in
    {
      alone =
        { config, ... }:
        {
          imports = [ octra ];
          systemd.services.rehearsal = {
            wantedBy = [ "multi-user.target" ];
            serviceConfig.ExecStart = "${config.services.octra.package}/bin/octrad rehearse --port 4999";
          };
          services.postgresql = {
            enableTCPIP = true;
            authentication = "host octra2 octra2 192.168.1.0/24 trust";
            ensureDatabases = [ "octra2" ];
            ensureUsers = [
              {
                name = "octra2";
                ensureDBOwnership = true;
              }
            ];
          };
          systemd.services.octra-database.serviceConfig.ExecStartPost =
            "${config.services.postgresql.package}/bin/psql --dbname=octra2 --command='CREATE EXTENSION IF NOT EXISTS vector'";
          networking.firewall.allowedTCPPorts = [ 5432 ];
        };
      remote = {
        imports = [ octra ];
        # A test's secret may be in the store; a real one is refused there.
        systemd.tmpfiles.rules = [
          "f /run/octra-dsn 0400 root root - host=alone\\x20dbname=octra2\\x20user=octra2"
        ];
        services.octra.database = {
          dsnFile = "/run/octra-dsn";
          addresses = [ "192.168.1.0/24" ];
        };
      };
    };

  testScript = ''
    alone.start()
    alone.wait_for_unit("octrad.service")
    alone.wait_for_unit("rehearsal.service")
    alone.succeed("su alice -c 'octractl status'")
    alone.succeed("su alice -c 'octractl submit \"a command line todo list\" --project todo'", timeout=900)
    alone.fail("su mallory -c 'octractl status'")
    alone.succeed("journalctl -u octrad --no-pager | grep -q .")
    alone.wait_until_succeeds("! systemctl is-active octra-runner.service", timeout=600)

    remote.start()
    remote.wait_for_unit("octrad.service")
    remote.succeed("su alice -c 'octractl list --json'")
    for machine in (alone, remote):
        machine.succeed("systemd-analyze security --threshold=10 octra-gateway.service")
        machine.succeed("systemd-analyze security --threshold=20 octra-runner.service")
    alone.succeed("systemd-analyze security --threshold=8 octrad.service")
  '';
}
