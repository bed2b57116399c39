{ lib, ... }:
{
  options.services.octra.redis.createLocally = lib.mkOption {
    type = lib.types.bool;
    default = false;
    description = ''
      Whether copies are kept in a Redis of Octra's own on this machine, on a Unix socket, and not in octrad's memory.
      Losing it loses nothing.
    '';
  };
}
