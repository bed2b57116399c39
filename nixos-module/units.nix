# Octra's units as plain attribute sets of strings, numbers and lists, in the shape of NixOS's `systemd.services` and
# `systemd.sockets`. Evaluates without nixpkgs, so that tests turn the very same values into unit files.
#
# `house` has
#   package                    a path with bin/octrad
#   user, group                octrad's; members of the group may use the API
#   gatewayUser, runnerUser    of the other two
#   configFile, settings       octrad.toml, and what is in it
#   systemdVersion             a number
#   coreutils                  the directory of install, kill and rm
#   journalctl                 a program
#   database                   { units, localUnits, psql, dsnFile, createLocally }
#   addresses                  what octrad may reach where its database is no Unix socket
#   providerAddresses          what the gateway may reach besides the public Internet and this machine
#   keyFiles                   { PROVIDER = file; }, for the gateway alone
#   runnerPath, runnerGroups   packages whose programs the runner finds; groups that it is in besides
#   runnerNetwork              whether it may fetch the inputs of flakes
#   socketMode                 of the API's socket
house:
let
  octrad = import ./units/control-plane.nix house;
  gateway = import ./units/gateway.nix house;
  runner = import ./units/runner.nix house;
  roots = house.settings.snapshots.roots_dir or null;
in
{
  services = {
    octrad = octrad.service;
    octra-gateway = gateway.service;
    octra-runner = runner.service;
    octra-catalog = import ./units/catalog.nix house;
  }
  // (
    if house.database.createLocally then
      { octra-database = import ./units/database.nix house; }
    else
      { }
  );

  sockets = {
    octrad = octrad.socket;
    octra-gateway = gateway.socket;
    octra-runner = runner.socket;
  };

  # A directory of their own for the sockets, which none of the services may write to.
  tmpfiles = [
    "d /run/octra 0755 root root -"
    "d /run/octra-gateway 0755 root root -"
    "d /run/octra-runner 0755 root root -"
    # A rebuild leaves sockets as they are, so that nobody's call fails; who may open octrad's changes all the same.
    "z /run/octra/octra.sock ${house.socketMode} ${house.user} ${house.group} -"
  ]
  ++ (
    if roots == null then
      [ ]
    else
      [ "d ${toString roots} 0755 ${house.runnerUser} ${house.runnerUser} -" ]
  );

  # Users that stay the same over restarts: callers, PostgreSQL and the roots of snapshots know them by name or number.
  users = {
    ${house.user} = {
      inherit (house) group;
      description = "Octra's control plane";
      home = "/var/lib/octra";
    };
    ${house.gatewayUser} = {
      group = house.gatewayUser;
      description = "Octra's gateway";
      home = "/var/lib/octra-gateway";
    };
    ${house.runnerUser} = {
      group = house.runnerUser;
      description = "Octra's runner";
      home = "/var/lib/octra-runner";
    };
  };
}
