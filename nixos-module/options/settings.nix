# octrad.toml as options. What keys there are, of which type and with which words, is settings.json, which
# scripts/describe_settings.py writes from octrad/foundation/config.py.
{ lib, pkgs, ... }:
let
  sections = lib.importJSON ../settings.json;

  number = types: key: if key.positive then types.positive else types.unlimited;
  typeOf =
    key:
    {
      text = lib.types.str;
      # No `path`: a literal of Nix would be copied to the store, where everybody can read it.
      path = lib.types.str;
      boolean = lib.types.bool;
      texts = lib.types.listOf lib.types.str;
      pairs = lib.types.attrsOf (lib.types.listOf lib.types.number);
      enum = lib.types.enum key.values;
      integer = number {
        positive = lib.types.ints.positive;
        unlimited = lib.types.int;
      } key;
      number = number {
        positive = lib.types.numbers.positive;
        unlimited = lib.types.number;
      } key;
      section = sectionType key;
      sections = lib.types.attrsOf (sectionType key);
    }
    .${key.kind};

  sectionType =
    section:
    lib.types.submodule {
      freeformType = (pkgs.formats.toml { }).type;
      options = lib.mapAttrs optionOf section.keys;
    };

  optionOf =
    _: key:
    let
      isSection = key.kind == "section" || key.kind == "sections";
    in
    lib.mkOption {
      type = if isSection then typeOf key else lib.types.nullOr (typeOf key);
      default = if isSection then { } else null;
      defaultText = lib.literalMD (if isSection then "`{ }`" else "octrad's own: ${key.default}");
      description = key.description;
    };
in
{
  options.services.octra.settings = lib.mkOption {
    type = sectionType { keys = sections; };
    default = { };
    example = {
      limits.tasks_at_once = 8;
    };
    description = ''
      What goes into {file}`/etc/octra/octrad.toml`, beside and before what the other options put there. Secrets are
      never values here, only names of files.
    '';
  };
}
