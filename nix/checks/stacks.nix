# Every stack in the nixpkgs that octrad pins: its shell evaluates, so each of its attributes is there, free and not
# broken. Nothing of it is built.
{
  pkgs,
  stacks ? ../../octrad/knowledge/library/stacks,
}:
let
  isStack = file: builtins.match ".*\\.toml" file != null;
  files = builtins.filter isStack (builtins.attrNames (builtins.readDir stacks));
  attributesOf = path: builtins.filter builtins.isString (builtins.split "\\." path);
  find = path: builtins.foldl' (set: name: set.${name}) pkgs (attributesOf path);
  evaluate =
    file:
    let
      stack = builtins.fromTOML (builtins.readFile (stacks + "/${file}"));
      check = path: builtins.addErrorContext "while evaluating `${path}` of ${file}" (find path).drvPath;
      shell = pkgs.${stack.shell} {
        packages = map find stack.attributes;
        env = stack.variables or { };
      };
      # By their names in the file first: an error then says which it is.
      evaluated = builtins.deepSeq (map check stack.attributes) shell.drvPath;
    in
    "${stack.name} ${builtins.unsafeDiscardStringContext evaluated}\n";
in
pkgs.runCommand "octra-stacks" { } ''
  cat > $out <<'EOF'
  ${builtins.concatStringsSep "  " (map evaluate files)}
  EOF
''
