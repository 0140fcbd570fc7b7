"""A process that writes without end and notes what was acknowledged, until it is killed: `python -m` this module.

Every note is one write to a file, made after the store has returned: what stands there must be in the database.
"""

from __future__ import annotations

import os
import sys
import threading
import uuid
from pathlib import Path

from cds_service.errors import NotDurable
from cds_service.store.sealing import Sealing
from cds_service.store.store import Store
from tests.store.samples import KEY, SECOND, decision, feedback

THREADS = 3


def write(store: Store, notes: int, shared_tokens: list[str]) -> None:
    """Decisions, feedback about them, and tokens that all processes try to use."""
    number = 0
    while True:
        number += 1
        made = decision(payload=os.urandom(3000))
        try:
            kept = store.keep(made)
            os.write(notes, f"decision {kept.id}\n".encode())
            comment = uuid.uuid4().hex
            store.keep_feedback((feedback(made.cards[0].uuid, comment=comment, reason_code=comment),))
            os.write(notes, f"feedback {comment}\n".encode())
            token = shared_tokens[number % len(shared_tokens)] + str(number)
            if store.spend("iss", token, SECOND + 3000, SECOND):
                os.write(notes, f"token {token}\n".encode())
        except NotDurable:
            os.write(notes, b"refused -\n")


def main(url: str, spool: str, notes: str) -> None:
    store = Store(url, Sealing([KEY]), Path(spool))
    handle = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    tokens = [f"shared-{number}-" for number in range(5)]
    for _ in range(THREADS):
        threading.Thread(target=write, args=(store, handle, tokens)).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
