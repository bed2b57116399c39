{ config, lib, ... }:
let
  role =
    who: default:
    lib.mkOption {
      description = "Who ${who}.";
      default = { };
      type = lib.types.submodule {
        options = {
          users = lib.mkOption {
            type = with lib.types; listOf str;
            default = [ ];
            example = [ "alice" ];
            description = "Names of users with this role. octrad does not start when one does not exist.";
          };
          groups = lib.mkOption {
            type = with lib.types; listOf str;
            inherit default;
            defaultText = lib.literalExpression (
              if default == [ ] then "[ ]" else "[ config.services.octra.group ]"
            );
            example = [ "wheel" ];
            description = "Names of groups whose members have this role. octrad does not start when one does not exist.";
          };
        };
      };
    };
in
{
  options.services.octra.access = {
    viewer = role "may look at tasks and change nothing" [ ];
    member = role "may submit tasks, and act on tasks of their own" [ config.services.octra.group ];
    admin = role "may act on everybody's tasks" [ ];
    owner = role "may do everything; root and the user of octrad always may" [ ];
  };
}
