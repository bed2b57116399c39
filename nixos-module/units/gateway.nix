# The model gateway: it alone has the providers' keys and speaks to providers. It has no database, no Nix and no tree.
#
# It reaches the public Internet, this machine (a resolver, Ollama) and the addresses that the configuration names; not
# the local network and not the metadata of a cloud, whatever a library or an answer makes it ask for.
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
      common.service.serviceConfig
      // {
        PrivateNetwork = false;
        RestrictAddressFamilies = [ "AF_UNIX AF_INET AF_INET6" ];
        IPAddressAllow = [ "localhost" ] ++ import ./public-addresses.nix ++ house.providerAddresses;
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
