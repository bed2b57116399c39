# The runner: it alone touches project trees, Nix and the sandbox. It has no key and no database.
#
# Every restriction here also holds for the commands that models chose, so what a compiler, a test or bubblewrap itself
# needs must be left: namespaces, mounts, executable memory (JavaScript, Java), limits, and sockets on a loopback of
# their own. Commands have no network: bubblewrap gives each an empty one.
house:
let
  common = import ./servant.nix {
    name = "runner";
    description = "Octra's runner of commands, with git, Nix and a sandbox";
    user = house.runnerUser;
  } house;
  sandbox = house.settings.sandbox or { };
  roots = house.settings.snapshots.roots_dir or null;
  commands = house.settings.limits.commands_at_once or 2;
  cgroup = "/sys/fs/cgroup/system.slice/octra-runner.service";
in
{
  inherit (common) socket;
  service = common.service // {
    path = house.runnerPath;
    environment =
      if (house.settings.nix.store or "auto") == "private" then { } else { NIX_REMOTE = "daemon"; };
    serviceConfig =
      removeAttrs common.service.serviceConfig [
        "ProcSubset" # bubblewrap reads /proc/sys/kernel/overflowuid
        "ProtectHostname" # bubblewrap names the machine that a command sees
        "RestrictSUIDSGID" # bubblewrap fails with "Function not implemented"
      ]
      // {
        # Commands that are each killed with all of their processes, by the cgroup that the runner makes for them.
        Delegate = true;
        ReadWritePaths = [
          "-${cgroup}"
          # The kernel keeps this for each user namespace: bubblewrap ends the making of further ones with it.
          "/proc/sys/user"
        ]
        # Without it the runner says by itself what is wrong.
        ++ (if roots == null then [ ] else [ "-${toString roots}" ]);
        # A command that takes too much memory is ended alone.
        OOMPolicy = "continue";
        TasksMax = (sandbox.processes or 512) * commands + 512;
        MemoryDenyWriteExecute = false;
        RestrictNamespaces = [ "cgroup ipc mnt net pid user uts" ];
        RestrictAddressFamilies = [ "AF_UNIX AF_INET AF_INET6 AF_NETLINK" ];
        # A test that talks to itself does so over the loopback of the command's own network namespace.
        IPAddressAllow = [ "localhost" ];
        SystemCallFilter = [ "@system-service @mount sethostname" ];
        InaccessiblePaths = [
          "-/run/postgresql"
          "-/run/octra"
          "-/run/octra-gateway"
        ];
      }
      // (if house.runnerGroups == [ ] then { } else { SupplementaryGroups = house.runnerGroups; })
      // (
        if house.runnerNetwork then
          {
            PrivateNetwork = false;
            IPAddressAllow = [ "any" ];
          }
        else
          { }
      );
  };
}
