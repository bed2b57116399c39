{ lib, ... }:
let
  limit =
    description: example:
    lib.mkOption {
      type = with lib.types; nullOr ints.positive;
      default = null;
      inherit description example;
    };
in
{
  options.services.octra.sandbox = {
    fetch = lib.mkOption {
      type = lib.types.bool;
      default = false;
      description = ''
        Whether the runner may reach the network to fetch the inputs of flakes: for repositories that bring a flake of
        their own with inputs besides nixpkgs, and for a {option}`services.octra.nixpkgs` that is no path. What the
        Nix daemon builds or substitutes does not need it. Commands in the sandbox have no network either way.
      '';
    };
    commandTimeout = limit "Seconds that a command in the sandbox may take; null: octrad's default, 600." 1800;
    outputBytes = limit "What a command may print before it is ended; null: octrad's default, 64 MiB." 16777216;
    memoryBytes = limit "Memory of all processes of a command together; null: octrad's default, 4 GiB." 8589934592;
    processes = limit "Processes and threads of a command at once; null: octrad's default, 512." 1024;
    fileBytes = limit "The largest file that a command may write; null: octrad's default, 1 GiB." 2147483648;
    commandsAtOnce = limit "Commands at once, of all tasks together; null: octrad's default, 2." 4;
  };
}
