"""Runs a Python program in a network of ours: names resolve and connections arrive where a test says.

Started as a file, before the program and instead of `python`: `python network_seen.py -m package.module arguments`.
It uses the standard library alone and knows nothing of the program. The file named by EHR_TEST_NETWORK is read again
at each look-up, so a test may change it while the program runs; `hosts.py` writes it and reads what is recorded.
"""

from __future__ import annotations

import fcntl
import ipaddress
import json
import os
import runpy
import socket
import ssl
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

VARIABLE = "EHR_TEST_NETWORK"
_ERRORS = {
    "NXDOMAIN": (socket.EAI_NONAME, "Name or service not known"),
    "SERVFAIL": (socket.EAI_AGAIN, "Temporary failure in name resolution"),
}
_truly_resolved = socket.getaddrinfo
_truly_connected = socket.socket.connect
_true_peer = socket.socket.getpeername
_routed: dict[tuple[str, int], tuple[str, int]] = {}


def _network() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(Path(os.environ[VARIABLE]).read_text(encoding="utf-8"))
    return read


def _record(**event: object) -> None:
    line = json.dumps(event | {"pid": os.getpid(), "at": time.time()}) + "\n"
    with Path(f"{os.environ[VARIABLE]}.seen").open("a", encoding="utf-8") as file:
        file.write(line)


def _step(network: Mapping[str, Any], host: str) -> dict[str, Any] | None:
    """The answer due for this look-up of a host, counted over all processes; the last one stays for ever."""
    known = network["hosts"].get(host.lower().rstrip("."))
    if not known:
        return None
    steps, asking = known["steps"], f"{known['edition']} {host.lower()}"
    with Path(f"{os.environ[VARIABLE]}.counts").open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        asked = file.read().splitlines().count(asking)
        file.write(f"{asking}\n")
    step: dict[str, Any] = steps[min(asked, len(steps) - 1)]
    return step


def _getaddrinfo(
    host: Any,
    port: Any,
    family: int = 0,
    type: int = 0,  # noqa: A002 (the real signature)
    proto: int = 0,
    flags: int = 0,
) -> list[Any]:
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name == "localhost" or _is_number(name):
        return _truly_resolved(host, port, family, type, proto, flags)
    step = _step(_network(), name) or {"error": "NXDOMAIN"}
    time.sleep(step.get("delay", 0))
    _record(event="lookup", host=name, port=port, **step)
    if "error" in step:
        raise socket.gaierror(*_ERRORS[step["error"]])
    found: list[Any] = []
    for address in step["addresses"]:
        if family in (0, socket.AF_INET6 if ":" in address else socket.AF_INET):
            found += _truly_resolved(address, port, family, type, proto, flags | socket.AI_NUMERICHOST)
    if not found:
        raise socket.gaierror(*_ERRORS["NXDOMAIN"])
    return found


def _is_number(name: str) -> bool:
    """An address in any of the spellings the C library takes, such as 127.1 or 0x7f000001."""
    try:
        _truly_resolved(name, None, flags=socket.AI_NUMERICHOST)
    except (socket.gaierror, UnicodeError):
        return False
    return True


def _canonical(name: str) -> str:
    return str(_truly_resolved(name, None, flags=socket.AI_NUMERICHOST)[0][4][0])


def _gethostbyname(host: str) -> str:
    return str(_getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)[0][4][0])


def _gethostbyname_ex(host: str) -> tuple[str, list[str], list[str]]:
    return host, [], [str(one[4][0]) for one in _getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)]


def _connect(self: socket.socket, address: Any) -> None:
    if self.family not in (socket.AF_INET, socket.AF_INET6):
        return _truly_connected(self, address)
    host, port = str(address[0]), int(address[1])
    network = _network()
    host = _canonical(host) if _is_number(host) else _gethostbyname(host)
    route = network["routes"].get(f"{host} {port}") or network["routes"].get(f"{host} *")
    if route is None and not _is_open(network, host):
        _record(event="connect", address=host, port=port, outcome="unreachable")
        raise OSError(101, "Network is unreachable")
    _record(event="connect", address=host, port=port, outcome="routed" if route else "open")
    if route is None:
        return _truly_connected(self, (host, *address[1:]))
    target = (str(route[0]), int(route[1]) or port)
    _routed[target] = (host, port)
    return _truly_connected(self, target)


def _connect_ex(self: socket.socket, address: Any) -> int:
    try:
        _connect(self, address)
    except OSError as error:
        return error.errno or 111
    return 0


def _is_open(network: Mapping[str, Any], host: str) -> bool:
    address = ipaddress.ip_address(host.split("%")[0])
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in ipaddress.ip_network(one) for one in network["open"])


def _getpeername(self: socket.socket) -> Any:
    """Who the program believes to have reached: a check of the address after connecting must see the test's one."""
    peer = _true_peer(self)
    return _routed.get(peer[:2], peer) if isinstance(peer, tuple) else peer


def _trust(authority: str) -> None:
    """Every TLS client context also trusts this authority, as if the machine's own list had it."""
    verifying = ssl.SSLContext.load_verify_locations
    defaults = ssl.SSLContext.load_default_certs

    def load_verify_locations(self: ssl.SSLContext, *given: Any, **named: Any) -> None:
        verifying(self, *given, **named)
        verifying(self, authority)

    def load_default_certs(self: ssl.SSLContext, *given: Any, **named: Any) -> None:
        defaults(self, *given, **named)
        verifying(self, authority)

    ssl.SSLContext.load_verify_locations = load_verify_locations  # type: ignore[method-assign]
    ssl.SSLContext.load_default_certs = load_default_certs  # type: ignore[method-assign]


def _again(path: Any, arguments: Sequence[Any], environment: Mapping[str, str] | None = None) -> list[str]:
    """The command of a program that replaces this one: a Python program stays in our network."""
    command = [os.fspath(one) for one in arguments]
    is_python = Path(os.fspath(path)).name.startswith("python") or os.fspath(path) == sys.executable
    return [command[0], str(Path(__file__).resolve()), *command[1:]] if is_python else command


def _stay_through_exec() -> None:
    execv, execve = os.execv, os.execve

    def stay(true: Callable[..., NoReturn]) -> Callable[..., NoReturn]:
        def replaced(path: Any, arguments: Sequence[Any], *environment: Mapping[str, str]) -> NoReturn:
            true(path, _again(path, arguments), *environment)

        return replaced

    # execvp and execvpe call these two by their names in the module, so they are replaced as well
    os.execv, os.execve = stay(execv), stay(execve)


def main() -> None:
    network = _network()
    socket.getaddrinfo = _getaddrinfo
    socket.gethostbyname, socket.gethostbyname_ex = _gethostbyname, _gethostbyname_ex
    socket.socket.connect = _connect  # type: ignore[method-assign,assignment]
    socket.socket.connect_ex = _connect_ex  # type: ignore[method-assign,assignment]
    socket.socket.getpeername = _getpeername  # type: ignore[method-assign,assignment]
    if network.get("trust"):
        _trust(network["trust"])
    _stay_through_exec()
    arguments = sys.argv[1:]
    _record(event="began", command=arguments)
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        sys.path[0] = str(Path.cwd())
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        sys.path[0] = str(Path(arguments[0]).resolve().parent)
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main()
