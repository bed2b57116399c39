from dataclasses import replace
from pathlib import Path

from octrad.runner.server.sandbox.describe_sandbox import Descriptors, Sandbox, describe_sandbox
from octrad.runner.server.sandbox.limit_command import Limits, limit_shell
from octrad.runner.server.sandbox.show_etc import find_links

SANDBOX = Sandbox(
    work_dir=Path("/state/runner/trees/t/work/main"),
    etc_dir=Path("/state/runner/shown/etc"),
    argv=("/nix/store/x-bash/bin/bash", "-c", "cargo test; $(echo 'a b')"),
    variables={"PATH": "/nix/store/x-cargo/bin", "HOME": "/homeless-shelter", "TMPDIR": "/build"},
    read_only={"/nix/store": "/nix/store"},
    temporary_bytes=1024,
    links={"/bin/sh": "/nix/store/x-bash/bin/bash"},
)
GOLDEN = Path(__file__).parent / "golden" / "bwrap.txt"


def lines(argv: tuple[str, ...]) -> str:
    return "".join(f"\n{part}" if part.startswith("--") else f" {part}" for part in argv).strip() + "\n"


def test_argument_vector_is_the_golden_one() -> None:
    assert lines(describe_sandbox(SANDBOX, Descriptors(status=7, go=8))) == GOLDEN.read_text()


def test_network_is_shared_only_when_granted() -> None:
    closed = describe_sandbox(SANDBOX, Descriptors(7, 8))
    granted = describe_sandbox(replace(SANDBOX, network=True), Descriptors(7, 8))
    assert "--unshare-net" in closed
    assert "/etc/resolv.conf" not in closed
    assert "--unshare-net" not in granted
    assert "/etc/resolv.conf" in granted


def test_call_filter_is_handed_over_where_there_is_one() -> None:
    argv, without = (describe_sandbox(SANDBOX, Descriptors(7, 8, number)) for number in (9, None))
    assert argv[argv.index("--seccomp") + 1] == "9"
    assert "--seccomp" not in without


def test_command_is_one_argument_at_the_end() -> None:
    assert describe_sandbox(SANDBOX, Descriptors(7, 8))[-4:] == ("--", *SANDBOX.argv)


def test_captured_environment_cannot_move_home_and_tmp() -> None:
    argv = describe_sandbox(SANDBOX, Descriptors(7, 8))
    variables = {argv[n + 1]: argv[n + 2] for n, part in enumerate(argv) if part == "--setenv"}
    assert variables["HOME"] == "/home/octra"
    assert variables["TMPDIR"] == "/tmp"
    assert variables["PATH"] == "/nix/store/x-cargo/bin"


def test_limits_stand_on_the_first_line() -> None:
    limits = Limits(timeout_s=1, output_bytes=1, memory_bytes=2**30, processes=9, file_bytes=2**20)
    assert limit_shell(limits) == "ulimit -c 0 -d 1048576 -f 1024 -u 9 || exit 126; "


def test_links_are_made_only_where_the_host_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "env").touch(mode=0o755)
    assert find_links(str(tmp_path), "/b/bash", ()) == {"/bin/sh": "/b/bash", "/usr/bin/env": str(tmp_path / "env")}
    assert find_links(str(tmp_path), "/b/bash", ("/usr", "/bin")) == {}
