# What the types of the options cannot say. Each message names the option and what to do.
{ config, lib, ... }:
let
  cfg = config.services.octra;

  # A path literal of Nix, a derivation or a text below the store: whoever can log in could read it.
  isInStore = file: builtins.isPath file || lib.hasPrefix builtins.storeDir "${toString file}";
  isAbsolute = file: lib.hasPrefix "/" (toString file);
  secretFile = option: file: [
    {
      assertion = file == null || !isInStore file;
      message = "${option}: a secret must not be in the Nix store, which everybody can read; write it as a text, as in \"/run/secrets/NAME\"";
    }
    {
      assertion = file == null || isAbsolute file;
      message = "${option}: `${toString file}` is not an absolute path";
    }
  ];

  inherit (cfg.models) providers;
  settingsProviders = cfg.settings.providers or { };
  unserved = lib.filter (model: !settingsProviders ? ${lib.head (lib.splitString "/" model)}) cfg.models.chain;
  needsKey = provider: !lib.elem provider.kind [ "ollama" "openai-compatible" "rehearsal" ];
  needsUrl = provider: lib.elem provider.kind [ "openai-compatible" "rehearsal" ];
  provided =
    name: provider:
    secretFile "services.octra.models.providers.${name}.keyFile" provider.keyFile
    ++ [
      {
        assertion = !needsKey provider || provider.keyFile != null;
        message = "services.octra.models.providers.${name}.keyFile: ${provider.kind} needs a key; name the file that holds it";
      }
      {
        assertion = !needsUrl provider || provider.baseUrl != "";
        message = "services.octra.models.providers.${name}.baseUrl: ${provider.kind} needs a URL, ending in /v1";
      }
      {
        assertion = builtins.match "[A-Za-z0-9_-]+" name != null;
        message = "services.octra.models.providers.${name}: a name is letters, digits, - and _";
      }
    ];
  named = name: provider: secretFile "services.octra.settings.providers.${name}.key_file" (
    if lib.hasPrefix "/" (toString (provider.key_file or "")) then provider.key_file else null
  );
in
{
  config = lib.mkIf cfg.enable {
    assertions =
      secretFile "services.octra.database.dsnFile" cfg.database.dsnFile
      ++ lib.concatLists (lib.mapAttrsToList provided providers)
      ++ lib.concatLists (lib.mapAttrsToList named settingsProviders)
      ++ [
        {
          assertion = !(cfg.database.createLocally && cfg.database.dsnFile != null);
          message = "services.octra.database: choose one of `createLocally` and `dsnFile`";
        }
        {
          assertion =
            cfg.database.createLocally
            || cfg.database.dsnFile != null
            || (cfg.settings.database.dsn or null) != null;
          message = "services.octra.database.dsnFile: there is no database; name a file that holds its DSN, or set `createLocally`";
        }
        {
          assertion = unserved == [ ];
          message = "services.octra.models.chain: no provider serves ${lib.concatStringsSep ", " unserved}; add it to `services.octra.models.providers`";
        }
        {
          assertion = !lib.elem "octra-runner" (config.nix.settings.trusted-users or [ ]);
          message = "nix.settings.trusted-users: octra-runner runs what models wrote, and a trusted user is as good as root; remove it";
        }
        {
          assertion = !lib.elem cfg.user [ "octra-gateway" "octra-runner" "root" ];
          message = "services.octra.user: `${cfg.user}` is taken; the control plane needs a user of its own";
        }
        {
          assertion = builtins.match "github:.*" (toString cfg.nixpkgs) == null || cfg.sandbox.fetch;
          message = "services.octra.nixpkgs: ${toString cfg.nixpkgs} must be fetched; set `services.octra.sandbox.fetch = true`, or name a path";
        }
      ];
  };
}
