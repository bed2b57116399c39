# octrad: the API, the queue and the pipeline. It alone has the database; it has no key, no Nix and, where everything it
# speaks to has a Unix socket, no network.
{
  package,
  user,
  group,
  configFile,
  settings,
  systemdVersion,
  coreutils,
  database,
  addresses,
  socketMode,
  ...
}:
let
  hardening = import ./hardening.nix;
  drain = settings.limits.drain_s or 20;
  arguments = "--state-dir /var/lib/octra --config ${configFile}";

  isLocal =
    database.dsnFile == null
    && (settings.database.dsn_file or null) == null
    && builtins.match "(.* )?host=/.*|postgres(ql)?:///.*" (settings.database.dsn or "") != null;
  needsNetwork = !isLocal || builtins.match "(unix://.*)?" (settings.cache.redis_url or "") == null;
in
{
  service = {
    description = "Octra, which turns requests into tested software projects";
    wantedBy = [ "multi-user.target" ];
    # The queue goes on after a boot without waiting for a caller, so the service is wanted as well as its socket.
    requires = [ "octrad.socket" ] ++ database.units;
    wants = [
      "octra-gateway.socket"
      "octra-runner.socket"
    ];
    after = [
      "octrad.socket"
      "octra-gateway.socket"
      "octra-runner.socket"
    ]
    ++ database.units;
    # A rebuild restarts it, in one step and with the socket left alone: callers wait in the socket's backlog, watchers
    # go on from their number, running tasks are journaled and go on, and what is under way in the gateway and in the
    # runner is found again by its id.
    restartIfChanged = true;
    stopIfChanged = false;
    # It tries for ever, and ever more slowly: a database may be away for longer than any limit of starts.
    unitConfig.StartLimitIntervalSec = 0;
    serviceConfig =
      hardening
      // {
        ExecStart = "${package}/bin/octrad serve ${arguments}";
        User = user;
        Group = group;
        StateDirectory = "octra";
        StateDirectoryMode = "0750";
        Restart = "on-failure";
        RestartSec = 2;
        # A configuration that is wrong is wrong again: octrad checks it before anything else, and names the key.
        RestartPreventExitStatus = 78;
        WatchdogSec = 60;
        TimeoutStartSec = 180;
        # What runs gets `limits.drain_s` to let go; then answers are finished and what was drained is written down.
        TimeoutStopSec = drain + 45;
        KillMode = "mixed";
        # Neither Nix nor, through the gateway's directory, anything that is a key's.
        InaccessiblePaths = [ "-/nix/var/nix/daemon-socket" ];
      }
      // (
        if systemdVersion >= 253 then
          { Type = "notify-reload"; }
        else
          {
            Type = "notify";
            ExecReload = "${coreutils}/kill -HUP $MAINPID";
          }
      )
      // (
        if systemdVersion >= 254 then
          {
            RestartSteps = 6;
            RestartMaxDelaySec = 60;
          }
        else
          { }
      )
      // (if database.dsnFile != null then { LoadCredential = [ "dsn:${database.dsnFile}" ]; } else { })
      // (
        if needsNetwork then
          {
            PrivateNetwork = false;
            RestrictAddressFamilies = [ "AF_UNIX AF_INET AF_INET6" ];
            IPAddressAllow = addresses;
          }
        else
          { }
      );
  };

  socket = {
    description = "Octra's API";
    wantedBy = [ "sockets.target" ];
    socketConfig = {
      ListenStream = "/run/octra/octra.sock";
      SocketUser = user;
      SocketGroup = group;
      SocketMode = socketMode;
      FileDescriptorName = "api";
    };
  };
}
