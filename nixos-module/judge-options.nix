# What the types of the options cannot say, as NixOS's assertions: each message names the option and what to do. Plain:
# evaluates without nixpkgs.
#
# `values` are those of `services.octra`, `settings` what octrad.toml will hold, `nixSettings` the system's `nix.settings`.
{
  values,
  settings,
  nixSettings,
}:
let
  startsWith = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
  isOneOf = builtins.elem;

  # A path literal of Nix, a derivation or a text below the store: whoever can log in could read it.
  isInStore = file: builtins.isPath file || startsWith builtins.storeDir "${toString file}";
  secretFile = option: file: [
    {
      assertion = file == null || !isInStore file;
      message = "${option}: a secret must not be in the Nix store, which everybody can read; name the file as a text, as in \"/run/secrets/NAME\"";
    }
    {
      assertion = file == null || startsWith "/" (toString file);
      message = "${option}: `${toString file}` is not an absolute path";
    }
  ];

  needsKey =
    kind:
    !isOneOf kind [
      "ollama"
      "openai-compatible"
      "rehearsal"
    ];
  needsUrl =
    kind:
    isOneOf kind [
      "openai-compatible"
      "rehearsal"
    ];
  judgeProvider =
    name:
    let
      provider = values.models.providers.${name};
      option = "services.octra.models.providers.${name}";
    in
    secretFile "${option}.keyFile" provider.keyFile
    ++ [
      {
        assertion = !needsKey provider.kind || provider.keyFile != null;
        message = "${option}.keyFile: ${provider.kind} needs a key; name the file that holds it";
      }
      {
        assertion = !needsUrl provider.kind || provider.baseUrl != "";
        message = "${option}.baseUrl: ${provider.kind} needs a URL, ending in /v1";
      }
      {
        assertion = builtins.match "[A-Za-z0-9_-]+" name != null;
        message = "${option}: a name is letters, digits, - and _";
      }
    ];

  configured = settings.providers or { };
  # A relative one is the name of a credential.
  judgeConfigured =
    name:
    let
      file = configured.${name}.key_file or null;
    in
    secretFile "services.octra.settings.providers.${name}.key_file" (
      if file != null && startsWith "/" (toString file) then file else null
    );

  providerOf = model: builtins.head (builtins.split "/" model);
  judgeChain =
    option: chain:
    let
      unserved = builtins.filter (model: !configured ? ${providerOf model}) chain;
      twice = builtins.filter (
        model: builtins.length (builtins.filter (other: other == model) chain) > 1
      ) chain;
    in
    [
      {
        assertion = unserved == [ ];
        message = "${option}: no provider serves ${builtins.concatStringsSep ", " unserved}; add it to `services.octra.models.providers`";
      }
      {
        assertion = twice == [ ];
        message = "${option}: ${builtins.head twice} is named twice";
      }
    ];
  judgeBudget = name: {
    assertion = values.budgets.${name} == null || values.budgets.${name} > 0;
    message = "services.octra.budgets.${name}: ${toString values.budgets.${name}} is no amount above 0; null limits nothing";
  };
  nixpkgs =
    if values.nixpkgs == null then "the one that is pinned in Octra" else toString values.nixpkgs;
  retention = settings.snapshots.retention_days or null;
  roots = toString (settings.snapshots.roots_dir or "/none");
  # The runner's unit has these as its own, empty ones, or not at all.
  isHidden =
    path:
    builtins.any (place: startsWith place "${path}/") [
      "/home/"
      "/root/"
      "/run/user/"
      "/tmp/"
      "/var/tmp/"
      "/dev/"
    ];
in
secretFile "services.octra.database.dsnFile" values.database.dsnFile
++ builtins.concatMap judgeProvider (builtins.attrNames values.models.providers)
++ builtins.concatMap judgeConfigured (builtins.attrNames configured)
++ judgeChain "services.octra.models.chain" values.models.chain
++ builtins.concatMap (
  role: judgeChain "services.octra.models.roles.${role}" values.models.roles.${role}
) (builtins.attrNames values.models.roles)
++ map judgeBudget (builtins.attrNames values.budgets)
++ [
  {
    assertion = !(values.database.createLocally && values.database.dsnFile != null);
    message = "services.octra.database: choose one of `createLocally` and `dsnFile`";
  }
  {
    assertion = settings ? database.dsn || settings ? database.dsn_file;
    message = "services.octra.database.dsnFile: there is no database; name a file that holds its DSN, or set `createLocally`";
  }
  {
    assertion =
      !isOneOf values.user [
        "octra-gateway"
        "octra-runner"
        "root"
      ];
    message = "services.octra.user: `${values.user}` is taken; the control plane needs a user of its own";
  }
  {
    assertion = startsWith "/" nixpkgs || nixpkgs == "stand-in" || values.sandbox.fetch;
    message = "services.octra.nixpkgs: ${nixpkgs} must be fetched; set `services.octra.sandbox.fetch = true`, or name a path";
  }
  {
    assertion = retention == null || builtins.isInt retention && retention > 0;
    message = "services.octra.snapshots.retentionDays: ${toString retention} is no number of days above 0; null keeps all for ever";
  }
  {
    assertion = builtins.match "/[A-Za-z0-9/._+-]+" roots != null;
    message = "services.octra.snapshots.rootsDirectory: `${roots}` is not an absolute path of letters, digits and `._+-`";
  }
  {
    assertion = !isInStore roots && !isHidden roots;
    message = "services.octra.snapshots.rootsDirectory: the runner cannot write to ${roots}; name a directory such as /nix/var/nix/gcroots/octra";
  }
  {
    assertion = !isOneOf "octra-runner" (nixSettings.trusted-users or [ ]);
    message = "nix.settings.trusted-users: octra-runner runs what models wrote, and a trusted user is as good as root; remove it";
  }
]
