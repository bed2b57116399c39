# The text of a unit file, from an attribute set in the shape of NixOS's `systemd.services.NAME` or
# `systemd.sockets.NAME`, written as NixOS writes it.
unit:
let
  # `switch-to-configuration` alone reads these; without NixOS they mean nothing, and systemd ignores what begins with X-.
  switching =
    (if unit.reloadIfChanged or false then { X-ReloadIfChanged = true; } else { })
    // (if unit.restartIfChanged or true then { } else { X-RestartIfChanged = false; })
    // (if unit.stopIfChanged or true then { } else { X-StopIfChanged = false; });

  text = value: if builtins.isBool value then (if value then "true" else "false") else toString value;
  line = key: value: "${key}=${text value}\n";
  lines =
    key: value:
    if builtins.isList value then
      builtins.concatStringsSep "" (map (line key) value)
    else
      line key value;
  keys =
    values:
    builtins.concatStringsSep "" (map (key: lines key values.${key}) (builtins.attrNames values));
  section = name: body: if body == "" then "" else "[${name}]\n${body}\n";

  words = key: names: if names == [ ] then "" else line key (builtins.concatStringsSep " " names);
  unitSection =
    line "Description" unit.description
    + words "Documentation" (unit.documentation or [ ])
    + words "Requires" (unit.requires or [ ])
    + words "Wants" (unit.wants or [ ])
    + words "After" (unit.after or [ ])
    + words "Before" (unit.before or [ ])
    + keys ((unit.unitConfig or { }) // (if unit ? serviceConfig then switching else { }));

  path = unit.path or [ ];
  environment =
    (unit.environment or { })
    // (
      if path == [ ] then
        { }
      else
        { PATH = builtins.concatStringsSep ":" (map (place: "${place}/bin") path); }
    );
  environmentLines = builtins.concatStringsSep "" (
    map (name: "Environment=${builtins.toJSON "${name}=${environment.${name}}"}\n") (
      builtins.attrNames environment
    )
  );
in
section "Unit" unitSection
+ (
  if unit ? serviceConfig then section "Service" (environmentLines + keys unit.serviceConfig) else ""
)
+ (if unit ? socketConfig then section "Socket" (keys unit.socketConfig) else "")
+ section "Install" (words "WantedBy" (unit.wantedBy or [ ]))
