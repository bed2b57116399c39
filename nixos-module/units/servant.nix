# What the gateway and the runner have in common: started by their sockets, gone when nobody wants them.
#
# A rebuild must not end a model call or a build. So a changed unit is never restarted but reloaded, and a reload is
# SIGUSR1: the servant finishes what is under way and exits as soon as it is idle; the next call starts the new one.
{
  name,
  description,
  user,
}:
{
  package,
  group,
  configFile,
  coreutils,
  systemdVersion,
  ...
}:
{
  service = {
    inherit description;
    requires = [ "octra-${name}.socket" ];
    after = [ "octra-${name}.socket" ];
    reloadIfChanged = true;
    # The socket would be taken away after some quick failures, and with it every later call.
    unitConfig.StartLimitIntervalSec = 0;
    serviceConfig =
      import ./hardening.nix
      // {
        Type = "notify";
        ExecStart = "${package}/bin/octrad ${name} --state-dir /var/lib/octra-${name} --config ${configFile}";
        ExecReload = "${coreutils}/kill -USR1 $MAINPID";
        User = user;
        Group = user;
        StateDirectory = "octra-${name}";
        StateDirectoryMode = "0700";
        Restart = "on-failure";
        RestartSec = 1;
        TimeoutStopSec = 30;
        KillMode = "mixed";
      }
      # Its callers are root and users of the system, whose numbers this leaves as they are; see hardening.nix.
      // (if systemdVersion >= 257 then { PrivateUsers = "identity"; } else { });
  };

  socket = {
    description = "${description}: its socket";
    wantedBy = [ "sockets.target" ];
    socketConfig = {
      ListenStream = "/run/octra-${name}/${name}.sock";
      SocketUser = user;
      SocketGroup = group;
      SocketMode = "0660";
      FileDescriptorName = name;
    };
  };
}
