# Has the journal explain Octra's messages: `journalctl -x`. systemd reads catalogs from its own directory and from
# /usr/local's, which is the machine's; NixOS has no option for them. A copy and no link: one that leads nowhere any more
# would have every later update of the catalog fail, and not only Octra's part of it.
{
  package,
  coreutils,
  journalctl,
  ...
}:
let
  catalog = "/usr/local/lib/systemd/catalog/octra.catalog";
in
{
  description = "Octra's explanations in the journal";
  wantedBy = [ "multi-user.target" ];
  serviceConfig = {
    Type = "oneshot";
    RemainAfterExit = true;
    ExecStart = [
      "${coreutils}/install -D --mode=0644 ${package}/lib/systemd/catalog/octra.catalog ${catalog}"
      "${journalctl} --update-catalog"
    ];
    # A rebuild without Octra stops this, and nothing of it stays.
    ExecStop = [
      "${coreutils}/rm --force ${catalog}"
      "${journalctl} --update-catalog"
    ];
  };
}
