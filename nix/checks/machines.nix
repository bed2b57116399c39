# Two machines: one that keeps a project for a member and refuses a stranger, and one whose database is the first one's.
{ self }:
{
  name = "octra";

  defaults = {
    imports = [ self.nixosModules.default ];
    services.octra = {
      enable = true;
      models.chain = [ "rehearsal/python-cli" ];
      models.providers.rehearsal.baseUrl = "http://127.0.0.1:4999/v1";
      # That a servant goes when nobody wants it is to be seen within the test.
      settings.servant.idle_exit_s = 20;
    };
    users.users.alice = {
      isNormalUser = true;
      extraGroups = [ "octra" ];
    };
    users.users.mallory.isNormalUser = true;
  };

  nodes.alone =
    {
      config,
      lib,
      pkgs,
      ...
    }:
    {
      # nixpkgs is evaluated in it.
      virtualisation.memorySize = 3072;
      # There is no network. What a project's environment is built of must be in the store; nixpkgs itself is already,
      # since octrad.toml names it.
      nix.settings.substituters = lib.mkForce [ ];
      system.extraDependencies = [ (pkgs.mkShellNoCC { packages = [ pkgs.python3 ]; }).inputDerivation ];

      systemd.services.rehearsal = {
        wantedBy = [ "multi-user.target" ];
        serviceConfig.ExecStart = "${lib.getExe config.services.octra.package} rehearse --port 4999";
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

  nodes.remote = {
    # A test's secret may be in the store; a real one is refused there.
    systemd.tmpfiles.rules = [
      "f /run/octra-dsn 0400 root root - host=alone dbname=octra2 user=octra2"
    ];
    services.octra.database = {
      dsnFile = "/run/octra-dsn";
      addresses = [ "192.168.1.0/24" ];
    };
  };

  # The driver runs commands with pipefail: `grep --quiet` would end what writes to it, and fail the line.
  testScript = ''
    alone.start()
    alone.wait_for_unit("octrad.service")
    alone.wait_for_unit("rehearsal.service")
    alone.wait_for_open_port(4999)
    alone.succeed("su - alice -c 'octractl status'")
    alone.succeed("su - alice -c 'octractl submit \"a command line todo list\" --project todo'", timeout=900)
    alone.fail("su - mallory -c 'octractl status'")
    alone.succeed("(octrad check --state-dir /tmp/check --json || true) | grep bubblewrap")
    alone.wait_until_fails("systemctl is-active octra-runner.service", timeout=120)

    with subtest("the journal explains Octra's messages as long as Octra is there"):
        alone.wait_for_unit("octra-catalog.service")
        alone.succeed("journalctl --catalog --unit=octrad | grep 'Defined-By: Octra'")
        alone.succeed("systemctl stop octra-catalog.service")
        alone.fail("journalctl --catalog --unit=octrad | grep 'Defined-By: Octra'")
        alone.succeed("systemctl start octra-catalog.service")

    remote.start()
    remote.wait_for_unit("octrad.service")
    remote.succeed("su - alice -c 'octractl list --json'")

    for machine in (alone, remote):
        machine.succeed("systemd-analyze security --threshold=10 octra-gateway.service")
        machine.succeed("systemd-analyze security --threshold=20 octra-runner.service")
    alone.succeed("systemd-analyze security --threshold=8 octrad.service")
  '';
}
