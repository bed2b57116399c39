# The text of a TOML file, from an attribute set of tables, texts, numbers, booleans and lists of these. NixOS writes it
# with `pkgs.formats.toml`; this is for where there is no nixpkgs. JSON's scalars and lists are TOML's as well.
let
  write =
    place: table:
    let
      names = builtins.attrNames table;
      isTable = name: builtins.isAttrs table.${name};
      values = builtins.filter (name: !isTable name && table.${name} != null) names;
      key = name: builtins.toJSON name;
      here = builtins.concatStringsSep "" (
        map (name: "${key name} = ${builtins.toJSON table.${name}}\n") values
      );
      header =
        if place == [ ] || values == [ ] then
          ""
        else
          "\n[${builtins.concatStringsSep "." (map key place)}]\n";
    in
    header
    + here
    + builtins.concatStringsSep "" (
      map (name: write (place ++ [ name ]) table.${name}) (builtins.filter isTable names)
    );
in
write [ ]
