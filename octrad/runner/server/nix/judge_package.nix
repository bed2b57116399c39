# Says of one attribute of nixpkgs, given as its path, whether it is a package and whether it can be had here: `fault` is
# why not. What only a licence forbids is told apart, because whoever runs Octra may permit it.
pkgs: path:
let
  step =
    found: name:
    if found ? value && builtins.isAttrs found.value && found.value ? ${name} then
      { value = found.value.${name}; }
    else
      { };
  found = builtins.foldl' step { value = pkgs; } path;
  package = found.value or null;
  meta = package.meta or { };
  licenses = if builtins.isList (meta.license or [ ]) then meta.license or [ ] else [ meta.license ];
  isPackage = builtins.isAttrs package && package.type or null == "derivation";
  fault =
    if package == null then
      "does not exist in nixpkgs"
    else if !isPackage then
      "is not a package"
    else if meta.broken or false then
      "is marked as broken"
    else if meta.insecure or (meta.knownVulnerabilities or [ ] != [ ]) then
      "is marked as insecure"
    else if meta.unsupported or false then
      "is not available on this system"
    else
      "";
  judged = {
    inherit fault;
    name = if isPackage then package.pname or (builtins.parseDrvName (package.name or "")).name else "";
    unfree = isPackage && (meta.unfree or (builtins.any (license: !(license.free or true)) licenses));
  };
in
# Nix refuses to evaluate the derivation of a package, or of one that it needs, that cannot be had for another reason.
if fault == "" && !judged.unfree then builtins.seq package.drvPath judged else judged
