"""Seal the mapping tables: write mappings/CHECKSUMS, so that a copy of them refuses any other byte.

    python3 tools/checksums.py             write it
    python3 tools/checksums.py --remove    remove it: in a checkout a row may be edited

`make wheel` seals for the build only. A sealed copy with a changed file does not start, and
`cds-service mappings check` names the file. Standard library only.
"""

from __future__ import annotations

import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from cds_service.mapping.seal import CHECKSUMS, checksums_of  # noqa: E402 (a plain python3 does not know the checkout)


def main(arguments: list[str]) -> int:
    """Write or remove the file below `--mappings DIR`, or below the checkout's mappings."""
    where = arguments[arguments.index("--mappings") + 1] if "--mappings" in arguments else CHECKOUT / "mappings"
    root = Path(where)
    if "--remove" in arguments:
        (root / CHECKSUMS).unlink(missing_ok=True)
        return 0
    text = checksums_of(root)
    (root / CHECKSUMS).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{text.count(chr(10))} files sealed in {root / CHECKSUMS}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
