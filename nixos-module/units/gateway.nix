# The model gateway: it alone has the providers' keys and speaks to providers. It has no database, no Nix and no tree.
house:
let
  common = import ./servant.nix {
    name = "gateway";
    description = "Octra's gateway to language models";
    user = house.gatewayUser;
  } house;
  names = builtins.attrNames house.keyFiles;
in
{
  inherit (common) socket;
  service = common.service // {
    wants = [ "network-online.target" ];
    after = common.service.after ++ [ "network-online.target" ];
    serviceConfig =
      removeAttrs common.service.serviceConfig [ "IPAddressDeny" ]
      // {
        PrivateNetwork = false;
        RestrictAddressFamilies = [
          "AF_UNIX"
          "AF_INET"
          "AF_INET6"
        ];
        InaccessiblePaths = [
          "-/nix/var/nix/daemon-socket"
          "-/run/postgresql"
          "-/run/octra"
          "-/run/octra-runner"
        ];
      }
      // (
        if names == [ ] then
          { }
        else
          { LoadCredential = map (name: "provider-${name}:${house.keyFiles.${name}}") names; }
      );
  };
}
