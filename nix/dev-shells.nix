# All that working on Octra needs; `make` targets that install Debian packages are not needed inside.
pkgs: {
  default = pkgs.mkShell {
    inputsFrom = [ pkgs.octrad ];
    packages = [
      pkgs.buf
      pkgs.bubblewrap
      pkgs.gitMinimal
      pkgs.import-linter
      pkgs.nixfmt
      pkgs.redis
      pkgs.ruff
      pkgs.shellcheck
      pkgs.systemd
      (pkgs.python3.withPackages (
        python: with python; [
          hypothesis
          pytest
          pytest-asyncio
          pytest-timeout
        ]
      ))
    ];
  };
}
