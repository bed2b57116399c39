# The module's units, users and configuration as texts, for a machine with systemd and without NixOS:
#
#   nix-instantiate --eval --strict --json nixos-module/render.nix --argstr package /opt/octra/venv \
#     --argstr options '{"models": {"chain": ["anthropic/claude-sonnet-4-5"], "providers": {…}}}'
#
# gives { "octrad.service": TEXT, "octrad.socket": TEXT, …, "sysusers.d/octra.conf": TEXT, "tmpfiles.d/octra.conf": TEXT,
# "octrad.toml": TEXT }. `options` are those of `services.octra`, as JSON; `host` is what NixOS knows by itself.
{
  package,
  options ? "{}",
  host ? "{}",
}:
let
  merge =
    below: above:
    below
    // builtins.mapAttrs (
      name: value:
      if builtins.isAttrs value && builtins.isAttrs (below.${name} or null) then
        merge below.${name} value
      else
        value
    ) above;

  defaults = {
    user = "octra";
    group = "octra";
    database = {
      createLocally = true;
      dsnFile = null;
      addresses = [ "localhost" ];
    };
    redis.createLocally = false;
    budgets = {
      taskUsd = null;
      projectUsd = null;
      userUsdAMonth = null;
      dayUsd = null;
      monthUsd = null;
    };
    models = {
      chain = [ ];
      roles = {
        boss = [ ];
        manager = [ ];
        worker = [ ];
        reviewer = [ ];
        advisor = [ ];
      };
      providers = { };
      addresses = [ ];
    };
    nixpkgs = "stand-in";
    access.member.groups = [ given.group or "octra" ];
    sandbox = {
      commandTimeout = null;
      outputBytes = null;
      memoryBytes = null;
      processes = null;
      fileBytes = null;
      commandsAtOnce = null;
      fetch = false;
    };
    snapshots = {
      secrets = "refuse";
      privateStore = false;
      retentionDays = null;
      rootsDirectory = null;
    };
    settings = { };
  };
  providerDefaults = {
    baseUrl = "";
    keyFile = null;
    callsAtOnce = null;
    requestsPerMinute = null;
  };
  given = builtins.fromJSON options;
  merged = merge defaults given;
  values = merged // {
    models = merged.models // {
      providers = builtins.mapAttrs (_: value: providerDefaults // value) merged.models.providers;
    };
  };

  machine = {
    configFile = "/etc/octra/octrad.toml";
    systemdVersion = 257;
    coreutils = "/bin";
    journalctl = "/usr/bin/journalctl";
    psql = "/usr/bin/psql";
    postgresUnits = [ "postgresql.service" ];
    runnerPath = [ "/usr" ];
    runnerGroups = [ ];
  }
  // builtins.fromJSON host;

  settings = merge (import ./derive-settings.nix values) values.settings;
  house = import ./house.nix {
    inherit
      package
      values
      settings
      machine
      ;
  };
  faults = builtins.filter (judged: !judged.assertion) (
    import ./judge-options.nix {
      inherit values;
      inherit (house) settings;
      nixSettings = { };
    }
  );
  units =
    if faults == [ ] then
      import ./units.nix house
    else
      throw (builtins.concatStringsSep "\n" (map (fault: fault.message) faults));

  textOf = import ./unit-text.nix;
  files =
    kind: entries:
    builtins.listToAttrs (
      map (name: {
        name = "${name}.${kind}";
        value = textOf entries.${name};
      }) (builtins.attrNames entries)
    );
  names = builtins.attrNames units.users;
  sysusers =
    map (name: "g ${units.users.${name}.group} -") names
    ++ map (name: with units.users.${name}; "u ${name} -:${group} \"${description}\" ${home}") names;
  text = lines: builtins.concatStringsSep "" (map (line: line + "\n") lines);
in
files "service" units.services
// files "socket" units.sockets
// {
  "sysusers.d/octra.conf" = text sysusers;
  "tmpfiles.d/octra.conf" = text units.tmpfiles;
  "octrad.toml" = import ./toml-text.nix house.settings;
}
