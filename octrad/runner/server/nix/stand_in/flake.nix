# Stands in for nixpkgs where that cannot be had: its packages are links to the host's own programs.
# tools.json says which there are, and of which the host has no program; another attribute does not exist.
{
  outputs =
    { self }:
    let
      tools = builtins.fromJSON (builtins.readFile ./tools.json);
      lib.genAttrs =
        names: f:
        builtins.listToAttrs (
          map (name: {
            inherit name;
            value = f name;
          }) names
        );

      packagesFor =
        system:
        let
          # The `:` at the end matters: a builder whose last command is exec'd by bash is now and then killed.
          build =
            name: env: script:
            derivation (
              {
                inherit name system;
                builder = "/bin/bash";
                PATH = "/usr/bin:/bin";
                args = [
                  "-euc"
                  (script + "\n:")
                ];
                preferLocalBuild = true;
                allowSubstitutes = false;
              }
              // env
            );
          host =
            name: programs:
            build "${name}-host" { inherit programs; } ''
              mkdir -p $out/bin
              for program in $programs; do ln -s /usr/bin/$program $out/bin/$program; done
            '';
          wrap =
            name: tool:
            if tool ? programs then
              host name tool.programs
            else if tool ? missing then
              throw "the stand-in has no `${name}`: this machine has no /usr/bin/${tool.missing}"
            else
              builtins.mapAttrs wrap tool;
          wrapped = builtins.mapAttrs wrap tools;
          isHere = name: (tools.${name} or { }) ? programs;

          # What nixpkgs' stdenv has on its PATH, without being asked.
          initial = map (name: wrapped.${name}) (
            builtins.filter isHere [
              "coreutils"
              "findutils"
              "diffutils"
              "gnused"
              "gnugrep"
              "gawk"
              "gnutar"
              "gzip"
              "bzip2"
              "gnumake"
              "bash"
              "patch"
              "xz"
              "file"
            ]
          );
          compilers = if isHere "gcc" then [ wrapped.gcc ] else [ ];
          path = inputs: builtins.concatStringsSep ":" (map (input: "${input}/bin") inputs);
          makeStdenv =
            name: inputs: exports:
            build name
              {
                setup = ''
                  PATH=
                  for _input in $nativeBuildInputs $buildInputs; do PATH=$PATH''${PATH:+:}$_input/bin; done
                  export PATH=$PATH''${PATH:+:}${path inputs}
                  ${exports}
                  unset _input
                '';
              }
              ''
                mkdir $out
                printf %s "$setup" > $out/setup
              '';
          stdenvNoCC = makeStdenv "stdenv-no-cc-host" initial "";
          stdenv = makeStdenv "stdenv-host" (compilers ++ initial) (
            if compilers == [ ] then "" else "export CC=gcc CXX=g++"
          );
          makeShell =
            stdenv:
            {
              name ? "nix-shell",
              packages ? [ ],
              nativeBuildInputs ? [ ],
              buildInputs ? [ ],
              env ? { },
              ...
            }@arguments:
            derivation (
              removeAttrs arguments [
                "packages"
                "env"
              ]
              // env
              // {
                inherit
                  name
                  system
                  stdenv
                  buildInputs
                  ;
                builder = "/bin/bash";
                outputs = [ "out" ];
                nativeBuildInputs = packages ++ nativeBuildInputs;
                args = [
                  "-c"
                  "echo shell > $out"
                ];
                preferLocalBuild = true;
                allowSubstitutes = false;
              }
            );
        in
        wrapped
        // {
          inherit lib stdenv stdenvNoCC;
          mkShell = makeShell stdenv;
          mkShellNoCC = makeShell stdenvNoCC;
          bashInteractive = wrapped.bash;
        };
    in
    {
      inherit lib;
      legacyPackages = lib.genAttrs [
        "x86_64-linux"
        "aarch64-linux"
      ] packagesFor;
    };
}
