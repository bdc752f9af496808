"""Which dask scheduler may be talked to, and with which certificates?

Who can talk to a scheduler can run any code as its user, and what a worker answers is unpacked with pickle. So a
connection that leaves the machine must prove both ends (TLS with certificates); without, only the machine itself is
reached.
"""

from __future__ import annotations

import ipaddress
import socket
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from interlith.errors import StudyError

_REMEDY = (
    "Start the scheduler and the workers with `--protocol tls` and certificates, name the same authority and a "
    "certificate of yours in dask's configuration (distributed.comm.tls.ca-file, .client.cert and .client.key, or the "
    "variables DASK_DISTRIBUTED__COMM__TLS__CA_FILE and so on), and write the address as tls://host:port."
)


def allowed_address(address: str) -> str:
    """The address if it may be talked to; the name of this machine becomes its number, so that nobody else answers to it.

    Raises
    ------
    StudyError
        If it is no address, leaves the machine without TLS, or a certificate is missing.
    """
    try:
        parts = urlsplit(address)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if scheme not in ("tls", "tcp") or not host or port is None:
        raise StudyError(
            f"'{address}' is no address of a dask scheduler; write tls://host:port, or tcp://127.0.0.1:port for one on "
            "this machine."
        )
    if scheme == "tls":
        _check_certificates(address)
        return address
    number = _loopback(host)
    if number is None:
        raise StudyError(
            f"{address}: '{host}' is not this machine, and tcp neither encrypts nor proves who answers. {_REMEDY}"
        )
    return f"tcp://[{number}]:{port}" if ":" in number else f"tcp://{number}:{port}"


def security_of(address: str) -> Any:
    """What `distributed` shall know of certificates for an allowed address; it reads dask's configuration."""
    distributed: Any = import_module("distributed")
    return distributed.Security(require_encryption=address.startswith("tls://"))


def _loopback(host: str) -> str | None:
    """The number of a host if all its numbers are of this machine's own loop."""
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return None
    numbers = [ipaddress.ip_address(text.partition("%")[0]) for text in found]
    own = [getattr(number, "ipv4_mapped", None) or number for number in numbers]
    if not own or not all(number.is_loopback for number in own):
        return None
    return str(min(own, key=lambda number: number.version))


def _check_certificates(address: str) -> None:
    security = security_of(address)
    for word, path in (
        ("ca-file", security.tls_ca_file),
        ("client.cert", security.tls_client_cert),
        ("client.key", security.tls_client_key or security.tls_client_cert),
    ):
        if not path:
            raise StudyError(f"{address}: distributed.comm.tls.{word} is not set in dask's configuration. {_REMEDY}")
        if "\n" not in path and not Path(path).is_file():
            raise StudyError(
                f"{address}: distributed.comm.tls.{word} in dask's configuration names {path}, which is no file. {_REMEDY}"
            )
