"""Which patients have to be looked at: those with a problem that may be about either disease.

Kept as a bitmap of fixed size, one bit for each hash of an id, so that a million patients need no more memory than ten.
Two ids may share a bit: then a patient is looked at in vain and counted as having neither disease. Never the other way.
"""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

import msgspec

from cds_service.fhir.codes import known_of, meanings_by, text_of
from cds_service.fhir.lookalikes import disease_named
from cds_service.hooks.knowledge import Knowledge
from cds_service.population.export import InputFile
from cds_service.population.lines import Pointer, head_of, lines_of, patient_in
from cds_service.population.plan import Plan, Slice

BITS = 27
SIZE = 1 << (BITS - 3)
_MASK = (1 << BITS) - 1
_MOST_CODES = 20_000
_SNIFFED = 1 << 20
_CONDITION = b'"Condition"'
DISEASES = frozenset({"membranous_nephropathy", "secondary_membranous_nephropathy", "lupus_nephritis"})


def hash_of(patient: str) -> int:
    """32 bits of an id: they say in which heap a patient is put and which bit is the patient's."""
    return crc32(patient.encode())


def is_set(bits: bytes | bytearray, hashed: int) -> bool:
    """Whether the bit of this hash is set."""
    place = hashed & _MASK
    return bool(bits[place >> 3] >> (place & 7) & 1)


def set_bit(bits: bytearray, hashed: int) -> None:
    """Set the bit of this hash."""
    place = hashed & _MASK
    bits[place >> 3] |= 1 << (place & 7)


class Problem(msgspec.Struct, gc=False):
    """What is looked at of a Condition."""

    resourceType: str = ""  # noqa: N815 - as FHIR spells it
    subject: Pointer | None = None
    code: msgspec.Raw = msgspec.Raw(b"null")


_decode = msgspec.json.Decoder(Problem).decode


class Interest:
    """Tells problems that may be about either disease from all others, by what the mappings know."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._known = meanings_by(knowledge.terminology.look_up)
        self._told: dict[bytes, bool] = {}

    def patient_of(self, line: bytes) -> str:
        """The patient of a Condition that matters; empty for any other line. Anything odd in it matters."""
        try:
            problem = _decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            head = head_of(line)
            odd = not isinstance(head, str) and head.resourceType == "Condition" and head.subject is not None
            return patient_in(head.subject.reference) if odd else ""  # type: ignore[union-attr]
        if problem.resourceType != "Condition" or problem.subject is None or not self._matters(bytes(problem.code)):
            return ""
        return patient_in(problem.subject.reference)

    def _matters(self, code: bytes) -> bool:
        found = self._told.get(code)
        if found is None:
            if len(self._told) >= _MOST_CODES:
                self._told.clear()
            found = self._told[code] = self._judged(code)
        return found

    def _judged(self, code: bytes) -> bool:
        concept = msgspec.json.decode(code)
        meant, _ = known_of(concept, self._known)
        return any(meaning.concept in DISEASES for meaning in meant) or bool(disease_named(text_of(concept)))


def interesting_in(file: InputFile, piece: Slice, interest: Interest) -> Iterable[int]:
    """The hashes of the patients of interest in a slice."""
    for content in lines_of(file, piece):
        if _CONDITION in content and (patient := interest.patient_of(content)):
            yield hash_of(patient)


def may_hold_conditions(file: InputFile) -> bool:
    """Whether a file has to be looked through for problems. A Condition that turns up elsewhere is found later."""
    if file.kind:
        return file.kind == "Condition"
    if "condition" in file.name.lower():
        return True
    kinds = set()
    weight = 0
    for content in lines_of(file, Slice(0, 0, 0, 0)):
        head = head_of(content)
        kinds.add("" if isinstance(head, str) else head.resourceType)
        weight += len(content)
        if weight > _SNIFFED:
            break
    return "Condition" in kinds or len(kinds - {""}) != 1


def slices_with_conditions(plan: Plan) -> list[int]:
    """The slices that are read for problems before everything else."""
    chosen = {number for number, file in enumerate(plan.files) if may_hold_conditions(file)}
    return [number for number, piece in enumerate(plan.slices) if piece.file in chosen]
