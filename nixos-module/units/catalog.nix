# Has the journal explain Octra's messages: `journalctl -x`. systemd reads catalogs from its own directory and from
# /usr/local's, which is the machine's.
{ package, journalctl, ... }:
{
  tmpfiles = [
    "L+ /usr/local/lib/systemd/catalog/octra.catalog - - - - ${package}/lib/systemd/catalog/octra.catalog"
  ];

  service = {
    description = "Octra's explanations in the journal";
    wantedBy = [ "multi-user.target" ];
    after = [ "systemd-tmpfiles-setup.service" ];
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      ExecStart = "${journalctl} --update-catalog";
    };
  };
}
