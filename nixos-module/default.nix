# services.octra: a daemon that turns requests into tested, snapshotted, restorable software projects.
#
# The options are in options/, one subject a file. What they mean as octrad.toml is derive-settings.nix, as units units.nix
# with units/: both plain functions, which render.nix and the tests evaluate without nixpkgs. services/ is what they
# become on NixOS.
{
  imports = [
    ./options/general.nix
    ./options/access.nix
    ./options/budgets.nix
    ./options/database.nix
    ./options/models.nix
    ./options/nix.nix
    ./options/redis.nix
    ./options/sandbox.nix
    ./options/settings.nix
    ./options/snapshots.nix
    ./services/assertions.nix
    ./services/client.nix
    ./services/nix-daemon.nix
    ./services/postgresql.nix
    ./services/redis.nix
    ./services/units.nix
    ./services/users.nix
  ];
}
