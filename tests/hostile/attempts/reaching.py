"""Attempts to speak to somebody outside. Each returns whether there was a way; what is found is not spoken to."""

import os
import socket

from tests.hostile.attempts.canary import Canary
from tests.hostile.attempts.other_processes import each_root

# For documentation only, by RFC 5737: nobody is there, but a machine with a network has a way to it.
_SOMEWHERE = "192.0.2.1"
_METADATA = "169.254.169.254"


def socket_of_the_runner(canary: Canary) -> bool:
    return _connects(socket.AF_UNIX, canary.runner_socket)


def socket_that_everybody_may_open(canary: Canary) -> bool:
    return _connects(socket.AF_UNIX, canary.socket)


def socket_through_a_process(canary: Canary) -> bool:
    return any(_connects(socket.AF_UNIX, f"{root}{canary.socket}") for root in each_root())


def abstract_socket(canary: Canary) -> bool:
    return _connects(socket.AF_UNIX, f"\0{canary.abstract_socket}")


def service_of_the_loopback(canary: Canary) -> bool:
    return _connects(socket.AF_INET, ("127.0.0.1", canary.port))


def metadata_of_a_cloud(_: Canary) -> bool:
    return _has_way(socket.AF_INET, _METADATA)


def the_internet(_: Canary) -> bool:
    return _has_way(socket.AF_INET, _SOMEWHERE)


def an_interface_of_the_machine(_: Canary) -> bool:
    return any(name != "lo" for _, name in socket.if_nameindex())


def raw_packets(_: Canary) -> bool:
    return _opens(socket.AF_PACKET, socket.SOCK_RAW)


def raw_messages(_: Canary) -> bool:
    return _opens(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)


def hypervisor(_: Canary) -> bool:
    """Sockets to the machine below this one, and to each other, are in no namespace."""
    return _opens(socket.AF_VSOCK, socket.SOCK_STREAM)


def systemd_by_its_variable(canary: Canary) -> bool:
    return canary.directory in os.environ.get("NOTIFY_SOCKET", "")


def _connects(family: int, address: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(2)
        client.connect(address)
        return True


def _has_way(family: int, host: str) -> bool:
    """Whether the kernel knows a way there: nothing is sent."""
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.connect((host, 80))
        return True


def _opens(family: int, kind: int, protocol: int = 0) -> bool:
    socket.socket(family, kind, protocol).close()
    return True
