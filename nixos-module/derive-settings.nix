# What the options of the module mean in octrad.toml. Plain: evaluates without nixpkgs.
#
# `options` are the values of `services.octra`; `settings` among them goes before everything here, in whoever calls.
options:
let
  inherit (options)
    budgets
    database
    models
    sandbox
    ;
  given =
    table:
    builtins.listToAttrs (
      builtins.filter (entry: entry.value != null && entry.value != { } && entry.value != [ ]) (
        map (name: {
          inherit name;
          value = table.${name};
        }) (builtins.attrNames table)
      )
    );
  provider =
    name: value:
    given {
      inherit (value) kind;
      base_url = value.baseUrl;
      # Below the gateway's $CREDENTIALS_DIRECTORY, where LoadCredential puts it.
      key_file = if value.keyFile == null then null else "provider-${name}";
      calls_at_once = value.callsAtOnce;
      requests_per_minute = value.requestsPerMinute;
    };
in
given {
  access = given (builtins.mapAttrs (_: given) options.access);
  budgets = given {
    task_usd = budgets.taskUsd;
    project_usd = budgets.projectUsd;
    user_usd_a_month = budgets.userUsdAMonth;
    day_usd = budgets.dayUsd;
    month_usd = budgets.monthUsd;
  };
  cache = given {
    redis_url = if options.redis.createLocally then "unix:///run/redis-octra/redis.sock" else null;
  };
  database = given {
    dsn =
      if database.createLocally then
        "host=/run/postgresql dbname=${options.user} user=${options.user}"
      else
        null;
    dsn_file = if database.dsnFile == null then null else "/run/credentials/octrad.service/dsn";
  };
  gateway.socket = "/run/octra-gateway/gateway.sock";
  runner.socket = "/run/octra-runner/runner.sock";
  servant.clients = [ options.user ];
  models = given {
    inherit (models) chain;
    roles = given models.roles;
  };
  providers = builtins.mapAttrs provider models.providers;
  nix = given {
    nixpkgs = if options.nixpkgs == null then null else toString options.nixpkgs;
    store = if options.snapshots.privateStore then "private" else "system";
  };
  sandbox = given {
    command_timeout_s = sandbox.commandTimeout;
    output_bytes = sandbox.outputBytes;
    memory_bytes = sandbox.memoryBytes;
    processes = sandbox.processes;
    file_bytes = sandbox.fileBytes;
  };
  limits = given { commands_at_once = sandbox.commandsAtOnce; };
  snapshots = given {
    inherit (options.snapshots) secrets;
    retention_days = options.snapshots.retentionDays;
    roots_dir = options.snapshots.rootsDirectory;
  };
}
