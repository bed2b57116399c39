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

    retentionDays = lib.mkOption {
      type = with lib.types; nullOr ints.positive;
      default = null;
      example = 90;
      description = ''
        After how many days a snapshot is pruned. The newest snapshot of a project and its newest proved one are kept
        whatever their age, and so is what a task that has not ended needs. {command}`nix-collect-garbage`, or
        {option}`nix.gc.automatic`, then frees the disk space. Null: all are kept for ever;
        {command}`octractl snapshots prune --older-than DAYS` prunes when an administrator wants it.
      '';
    };

    rootsDirectory = lib.mkOption {
      # No `path`: a literal of Nix would be copied to the store.
      type = with lib.types; nullOr str;
      default = null;
      example = "/nix/var/nix/gcroots/octra";
      description = ''
        Where the links are that hold snapshots in the Nix store: an absolute path, which is made for the runner. Below
        {file}`/nix/var/nix/gcroots` they are in view of whoever looks there for what the store is kept full by. Links
        that were made before stay where they are, and hold what they held. Null: below {file}`/var/lib/octra-runner`.
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
