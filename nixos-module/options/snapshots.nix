{ lib, ... }:
{
  options.services.octra.snapshots = {
    secrets = lib.mkOption {
      type = lib.types.enum [
        "refuse"
        "allow"
      ];
      default = "refuse";
      description = ''
        What becomes of a project in which something looks like a key or a password: a snapshot in the Nix store can be
        read by every user of the machine. `refuse` takes none and says where it is; `allow` takes it all the same.
      '';
    };

    privateStore = lib.mkOption {
      type = lib.types.bool;
      default = false;
      description = ''
        Whether environments and snapshots are in a Nix store of the runner's own, below
        {file}`/var/lib/octra-runner`, that only it can read, and not in the machine's. Nothing is taken from a binary
        cache then: all that a project's environment needs is built.
      '';
    };
  };
}
