{ config, lib, ... }:
let
  cfg = config.services.octra;
  server = config.services.redis.servers.octra;
in
{
  config = lib.mkIf (cfg.enable && cfg.redis.createLocally) {
    services.redis.servers.octra = {
      enable = true;
      port = 0;
      unixSocket = "/run/redis-octra/redis.sock";
      unixSocketPerm = 660;
      # It is a cache.
      save = [ ];
    };
    users.users.${cfg.user}.extraGroups = [ server.group ];
    systemd.services.octrad = {
      wants = [ "redis-octra.service" ];
      after = [ "redis-octra.service" ];
    };
  };
}
