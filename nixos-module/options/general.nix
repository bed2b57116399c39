{ lib, pkgs, ... }:
{
  options.services.octra = {
    enable = lib.mkEnableOption ''
      Octra, a daemon that turns a request into a tested, snapshotted, restorable software project.
      Members of the group {option}`services.octra.group` use it with {command}`octractl`'';

    package = lib.mkOption {
      type = lib.types.package;
      default = pkgs.octrad or (pkgs.callPackage ../../nix/octrad.nix { });
      defaultText = lib.literalMD "the package of this flake";
      description = "The package that provides {command}`octrad` and {command}`octractl`.";
    };

    user = lib.mkOption {
      type = lib.types.strMatching "[a-z_][a-z0-9_-]{0,30}";
      default = "octra";
      description = ''
        The user that the control plane runs as; with {option}`services.octra.database.createLocally` also the name of
        the database and of its role. The gateway and the runner have users of their own, `octra-gateway` and
        `octra-runner`.
      '';
    };

    group = lib.mkOption {
      type = lib.types.strMatching "[a-z_][a-z0-9_-]{0,30}";
      default = "octra";
      description = ''
        The group whose members may use Octra: `users.users.alice.extraGroups = [ "octra" ];`. Which role they have is
        {option}`services.octra.access`.
      '';
    };
  };
}
