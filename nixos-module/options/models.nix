{ lib, ... }:
let
  kinds = [
    "anthropic"
    "openai"
    "gemini"
    "deepseek"
    "openrouter"
    "ollama"
    "openai-compatible"
    "rehearsal"
  ];
  chainType = with lib.types; listOf (strMatching "[^/]+/.+");
  chainOf =
    what:
    lib.mkOption {
      type = chainType;
      default = [ ];
      description = "The chain of whoever ${what}; empty: {option}`services.octra.models.chain`.";
    };
in
{
  options.services.octra.models = {
    chain = lib.mkOption {
      type = chainType;
      default = [ ];
      example = [
        "anthropic/claude-sonnet-4-5"
        "ollama/qwen3-coder"
      ];
      description = ''
        The models that are asked, in order: the first that gives a valid answer is taken. A name is PROVIDER/MODEL,
        where PROVIDER is one of {option}`services.octra.models.providers`.
      '';
    };

    roles = {
      boss = chainOf "grades, plans, and compares the result with the request";
      manager = chainOf "divides the work among workers";
      worker = chainOf "writes files, and repairs them";
      reviewer = chainOf "says whether the work of others is what was asked for";
      advisor = chainOf "words what went wrong";
    };

    addresses = lib.mkOption {
      type = with lib.types; listOf str;
      default = [ ];
      example = [ "192.168.1.0/24" ];
      description = ''
        The addresses and networks that the gateway may reach besides the public Internet and this machine, such as
        those of a proxy or of a resolver in the local network. An address that stands in a provider's `baseUrl` need
        not be repeated.
      '';
    };

    providers = lib.mkOption {
      default = { };
      description = "The services that models are asked of, by the name that the chain uses.";
      example = lib.literalExpression ''
        {
          anthropic = {
            kind = "anthropic";
            keyFile = "/run/secrets/anthropic";
          };
          ollama.kind = "ollama";
        }
      '';
      type = lib.types.attrsOf (
        lib.types.submodule (
          { name, ... }:
          {
            options = {
              kind = lib.mkOption {
                type = lib.types.enum kinds;
                default = name;
                defaultText = lib.literalMD "the provider's name";
                description = "What it speaks, and how it is priced.";
              };
              baseUrl = lib.mkOption {
                type = lib.types.str;
                default = "";
                example = "http://127.0.0.1:11434";
                description = "Its URL; empty: the provider's own. `openai-compatible` and `rehearsal` need one, ending in `/v1`.";
              };
              keyFile = lib.mkOption {
                type = with lib.types; nullOr (either path str);
                default = null;
                example = "/run/secrets/anthropic";
                description = ''
                  A file that holds the key and nothing else. systemd reads it as root and gives it to the gateway alone,
                  as a credential. It must not be in the Nix store, which everybody can read.
                '';
              };
              callsAtOnce = lib.mkOption {
                type = with lib.types; nullOr ints.positive;
                default = null;
                description = "Requests to it at once, of all tasks together. Null: as many as all providers together.";
              };
              requestsPerMinute = lib.mkOption {
                type = with lib.types; nullOr ints.positive;
                default = null;
                description = "Requests to it that may begin within any 60 s; the others wait. Null: no limit.";
              };
            };
          }
        )
      );
    };
  };
}
