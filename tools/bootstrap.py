"""Fill .venv from uv.lock, starting from a bare Python 3.11 (no pip, no venv package, no rights).

    python3 tools/bootstrap.py          what the service needs to run
    python3 tools/bootstrap.py --dev    and what the checks and tests need
    python3 tools/bootstrap.py --wheel  a wheel of the project in dist/ instead

The way, first that works:
1. `uv` from the search path, else the uv wheel of the package index, kept in build/bootstrap;
2. pip, run from its own wheel, held to the versions of uv.lock.

Package index: UV_DEFAULT_INDEX, UV_INDEX_URL, PIP_INDEX_URL, pip's configuration file, else the public one.
Standard library only, and it writes nowhere but in the checkout (and the caches of uv and pip).
"""

from __future__ import annotations

import argparse
import base64
import configparser
import hashlib
import html
import os
import platform
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
KEPT = CHECKOUT / "build" / "bootstrap"
PUBLIC_INDEX = "https://pypi.org/simple"
UV_VERSION = "0.13.9"
PIP_VERSION = "26.3"


class WayClosedError(Exception):
    """One way of installing is not open here; the next one is tried."""


def main() -> int:
    """Install, or say in one sentence what stands in the way."""
    parser = argparse.ArgumentParser(description="Fill .venv from uv.lock.")
    parser.add_argument("--dev", action="store_true", help="also what the checks and tests need")
    parser.add_argument("--wheel", action="store_true", help="build a wheel into dist/ instead")
    asked = parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036 (an older python3 is just what this is for)
        return refuse(f"Python 3.11 or newer is needed, this is {platform.python_version()}.", "make PYTHON=python3.12")
    index = package_index()
    for way in (build_with_uv, build_with_pip) if asked.wheel else (install_with_uv, install_with_pip):
        try:
            way(index, asked.dev)
        except WayClosedError as reason:
            say(str(reason))
        else:
            return 0
    return refuse("Neither uv nor pip could install the packages.", "check the network, PIP_INDEX_URL, ca-certificates")


def say(sentence: str) -> None:
    """One line for the person who waits."""
    sys.stderr.write(f"bootstrap: {sentence}\n")


def refuse(sentence: str, hint: str) -> int:
    """The last line before giving up, with what to try."""
    say(f"{sentence} ({hint})")
    return 1


def package_index() -> str:
    """The simple index this machine is told to use."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if os.environ.get(name):
            return os.environ[name].rstrip("/")
    told = os.environ.get("PIP_CONFIG_FILE")
    usual = [Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf", Path("/etc/pip.conf")]
    for file in [Path(told)] if told else usual:
        settings = configparser.RawConfigParser()
        settings.read(file)
        for section in ("install", "global"):
            if settings.has_option(section, "index-url"):
                return settings.get(section, "index-url").strip().rstrip("/")
    return PUBLIC_INDEX


def install_with_uv(index: str, dev: bool) -> None:
    """Exactly what uv.lock says, hashes included."""
    uv = working_uv(index)
    groups = [] if dev else ["--no-dev"]
    if index == PUBLIC_INDEX:
        # --inexact: `make demo` after `make test` must not throw the test tools away.
        run([uv, "sync", "--frozen", "--inexact", *groups, "--python", sys.executable])
        return
    # uv.lock records the public index's addresses, so behind a mirror the lock is exported and resolved there.
    if not VENV.exists():
        run([uv, "venv", "--quiet", "--python", sys.executable, str(VENV)])
    locked = KEPT / "locked.txt"
    KEPT.mkdir(parents=True, exist_ok=True)
    run([uv, "export", "--quiet", "--frozen", *groups, "--no-emit-project", "--output-file", str(locked)])
    target = ["--python", str(VENV / "bin/python"), "--default-index", index]
    run([uv, "pip", "install", *target, "--require-hashes", "-r", str(locked)])
    run([uv, "pip", "install", *target, "--no-deps", "-e", "."])


def build_with_uv(index: str, _dev: bool) -> None:
    """The wheel, built away from .venv."""
    run([working_uv(index), "build", "--quiet", "--wheel", "--default-index", index, "--out-dir", "dist"])


def working_uv(index: str) -> str:
    """A uv that starts: from the search path, kept from last time, or fetched now."""
    kept = KEPT / f"uv-{UV_VERSION}"
    for candidate in (shutil.which("uv"), str(kept) if kept.exists() else None):
        # A version manager leaves shims on the path that are there and do not start.
        if candidate and subprocess.run([candidate, "--version"], capture_output=True).returncode == 0:  # noqa: S603
            return candidate
    wheel = fetch_wheel(index, "uv", UV_VERSION, platform_tag())
    with zipfile.ZipFile(wheel) as archive:
        kept.write_bytes(archive.read(f"uv-{UV_VERSION}.data/scripts/uv"))
    wheel.unlink()
    kept.chmod(0o755)
    return str(kept)


def platform_tag() -> re.Pattern[str]:
    """What the file name of a fitting uv wheel holds."""
    machine = re.escape(platform.machine())
    if platform.system() == "Darwin":
        return re.compile(f"macosx_.*_{machine}")
    if platform.system() == "Linux" and platform.libc_ver()[0] == "glibc":
        return re.compile(f"manylinux_[0-9_]+_{machine}")
    if platform.system() == "Linux":
        return re.compile(f"musllinux_[0-9_]+_{machine}")
    raise WayClosedError(f"no uv wheel is known for {platform.system()}")


def install_with_pip(index: str, dev: bool) -> None:
    """The versions of uv.lock, by pip run from its own wheel: slower, and it needs no uv."""
    say("installing with pip, which takes a minute or two")
    pip = pip_of_the_venv(index)
    constraints = KEPT / "constraints.txt"
    constraints.write_text("\n".join(locked_versions()) + "\n", encoding="utf-8")
    groups = ["--group", "dev"] if dev else []
    run([*pip, "install", "--quiet", "--index-url", index, "-c", str(constraints), "-e", ".", *groups])


def build_with_pip(index: str, _dev: bool) -> None:
    """The wheel, built by pip in a place of its own."""
    run([*pip_of_the_venv(index), "wheel", "--quiet", "--index-url", index, "--no-deps", "-w", "dist", "."])


def pip_of_the_venv(index: str) -> list[str]:
    """The command that runs pip inside .venv without installing it there."""
    wheel = fetch_wheel(index, "pip", PIP_VERSION, re.compile("py3-none-any"))
    # --without-pip: Debian keeps ensurepip in a package of its own (python3-venv).
    run([sys.executable, "-m", "venv", "--without-pip", str(VENV)])
    return [str(VENV / "bin/python"), f"{wheel}/pip"]


def locked_versions() -> list[str]:
    """`name==version` for every package that uv.lock pins to one version."""
    import tomllib

    versions: dict[str, set[str]] = {}
    for package in tomllib.loads((CHECKOUT / "uv.lock").read_text(encoding="utf-8"))["package"]:
        if "registry" in package["source"]:
            versions.setdefault(package["name"], set()).add(package["version"])
    return [f"{name}=={next(iter(found))}" for name, found in sorted(versions.items()) if len(found) == 1]


def fetch_wheel(index: str, project: str, version: str, fitting: re.Pattern[str]) -> Path:
    """Download one wheel from a simple index and check the digest the index gives."""
    page_address = f"{index}/{project}/"
    page = download(page_address).decode("utf-8")
    for link in re.findall(r"""href=["']([^"']+)["']""", page):
        address = urllib.parse.urljoin(page_address, html.unescape(link))
        file, digest = urllib.parse.urldefrag(address)
        name = urllib.parse.unquote(file.rsplit("/", 1)[-1])
        if name.startswith(f"{project}-{version}-") and name.endswith(".whl") and fitting.search(name):
            content = download(file)
            if digest.startswith("sha256=") and hashlib.sha256(content).hexdigest() != digest.removeprefix("sha256="):
                raise WayClosedError(f"{name}: the download does not match the digest of the index")
            KEPT.mkdir(parents=True, exist_ok=True)
            (KEPT / name).write_bytes(content)
            return KEPT / name
    raise WayClosedError(f"the index has no {project} {version} for this machine")


def download(address: str) -> bytes:
    """The bytes behind an https (or mirror's) address; user and password in it become a header."""
    parts = urllib.parse.urlsplit(address)
    request = urllib.request.Request(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl())  # noqa: S310
    request.add_header("Accept", "text/html, */*;q=0.5")
    if parts.username:
        who = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        request.add_header("Authorization", "Basic " + base64.b64encode(who.encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return bytes(answer.read())
    except OSError as fault:
        shown = parts.hostname or parts.path
        raise WayClosedError(f"nothing came from {shown} ({getattr(fault, 'reason', fault)})") from fault


def run(command: list[str]) -> None:
    """Run a step in the checkout; its own words are the explanation when it fails."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_PROJECT_ENVIRONMENT": str(VENV)}
    environment.pop("VIRTUAL_ENV", None)
    if subprocess.run(command, cwd=CHECKOUT, env=environment).returncode != 0:  # noqa: S603
        raise WayClosedError(f"{Path(command[0]).name} did not succeed")


if __name__ == "__main__":
    sys.exit(main())
