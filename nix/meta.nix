{ lib }:
{
  description = "Turns requests into tested, snapshotted, restorable software projects";
  license = lib.licenses.mit;
  platforms = [
    "x86_64-linux"
    "aarch64-linux"
  ];
}
