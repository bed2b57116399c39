{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.octra;
in
{
  config = lib.mkIf cfg.enable {
    assertions = import ../judge-options.nix {
      values = cfg;
      inherit (import ./house.nix { inherit config lib pkgs; }) settings;
      nixSettings = config.nix.settings;
    };
  };
}
