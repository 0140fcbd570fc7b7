"""HealthChain from its registry, answering the same body in the same run: a CDS Hooks framework in the same language.

It needs other releases of the same libraries, so it is installed in an environment of its own. Where that cannot be
done it is not measured, and the table says so.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import orjson

from benchmarks.bodies import Body
from benchmarks.servers import WORKERS, Loaded, loaded

VERSION = "0.16.1"
READINGS = {"nothing": "reads nothing, answers no card", "typed": "every resource into its typed model, no card"}
_ROOT = Path(__file__).resolve().parent.parent.parent
_ENVIRONMENT = _ROOT / "var" / f"healthchain-{VERSION}"


def healthchain(body: Body, seconds: float) -> list[Loaded]:
    """Both ways of reading, or nothing where it cannot be installed."""
    python = _installed()
    if python is None:
        return []
    ours = orjson.loads(body.data)
    # It takes `extension` for a list and refuses the object that the specification has.
    without = replace(body, data=orjson.dumps({name: value for name, value in ours.items() if name != "extension"}))
    service = (
        "benchmarks.peers.healthchain_service:application",
        "--workers",
        str(WORKERS),
        "--log-level",
        "error",
        "--timeout-keep-alive",
        "75",
    )
    return [
        loaded(
            f"HealthChain {VERSION}, {said}", ("-m", "uvicorn", *service), without, seconds, python, PEER_READS=reading
        )
        for reading, said in READINGS.items()
    ]


def _installed() -> str | None:
    python = _ENVIRONMENT / "bin" / "python"
    done = _ENVIRONMENT / "done"
    if done.exists():
        return str(python)
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(_ENVIRONMENT)], check=True, capture_output=True)
        package = f"healthchain=={VERSION}"
        subprocess.run([str(python), "-m", "pip", "install", "-q", package], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"HealthChain is not measured: {type(error).__name__} while installing it\n")
        return None
    done.touch()
    return str(python)
