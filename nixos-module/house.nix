# What `units.nix` is given, from the values of the options, the settings that come of them, and what is known of the
# machine. The one place where both NixOS and `render.nix` go through, so that tests try what NixOS gets.
{
  package,
  values,
  settings,
  machine,
}:
let
  # An option that is null says nothing: octrad has its own default.
  withoutNulls =
    table:
    builtins.mapAttrs (_: value: if builtins.isAttrs value then withoutNulls value else value) (
      removeAttrs table (builtins.filter (name: table.${name} == null) (builtins.attrNames table))
    );
  given = withoutNulls settings;

  inherit (values) database models group;

  withKeys = builtins.filter (name: models.providers.${name}.keyFile != null) (
    builtins.attrNames models.providers
  );
  keyFiles = builtins.listToAttrs (
    map (name: {
      inherit name;
      value = toString models.providers.${name}.keyFile;
    }) withKeys
  );

  # Providers that the configuration names by number; one named by name is public, or in `models.addresses`.
  hosts = map (
    name:
    builtins.match "https?://\\[?([0-9.]+|[0-9a-fA-F:]+)]?(:[0-9]+)?(/.*)?" (
      given.providers.${name}.base_url or ""
    )
  ) (builtins.attrNames (given.providers or { }));
  named = map builtins.head (builtins.filter (host: host != null) hosts);

  # Where others than the group's members have a role, everybody may knock and the front door alone decides, by the
  # kernel's word; else the socket's mode keeps strangers out already.
  roles = builtins.attrValues (given.access or { });
  isForeign =
    role: (role.users or [ ]) != [ ] || builtins.any (name: name != group) (role.groups or [ ]);
in
{
  inherit package keyFiles;
  settings = given;
  inherit (values) user group;
  inherit (database) addresses;
  inherit (machine)
    configFile
    systemdVersion
    coreutils
    journalctl
    runnerPath
    runnerGroups
    ;
  gatewayUser = "octra-gateway";
  runnerUser = "octra-runner";
  database = {
    inherit (database) createLocally;
    inherit (machine) psql;
    dsnFile = if database.dsnFile == null then null else toString database.dsnFile;
    localUnits = machine.postgresUnits;
    units =
      if database.createLocally then machine.postgresUnits ++ [ "octra-database.service" ] else [ ];
  };
  providerAddresses = models.addresses ++ named;
  runnerNetwork = values.sandbox.fetch;
  socketMode = if builtins.any isForeign roles then "0666" else "0660";
}
