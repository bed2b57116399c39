# octractl for everybody, with the completions that its package brings.
{ config, lib, ... }:
{
  config = lib.mkIf config.services.octra.enable {
    environment.systemPackages = [ config.services.octra.package ];
    environment.pathsToLink = [
      "/share/bash-completion"
      "/share/fish"
      "/share/zsh"
    ];
  };
}
