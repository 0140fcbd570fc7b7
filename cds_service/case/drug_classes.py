"""Which agent belongs to which therapy class (clinical-spec 3.1), and how a class is given."""

from __future__ import annotations

from collections.abc import Mapping

CLASS_OF: Mapping[str, str] = {
    "rituximab": "RTX",
    "obinutuzumab": "CD20_2G",
    "ofatumumab": "CD20_2G",
    "cyclophosphamide": "CYC",
    "chlorambucil": "CYC",
    "tacrolimus": "CNI",
    "cyclosporine": "CNI",
    "voclosporin": "CNI",
    "mycophenolate_mofetil": "MPAA",
    "mycophenolic_acid": "MPAA",
    "azathioprine": "AZA",
    "belimumab": "BEL",
    "leflunomide": "LEF",
    "daratumumab": "ANTI_CD38",
    "isatuximab": "ANTI_CD38",
    "felzartamab": "ANTI_CD38",
    "bortezomib": "PI",
    "anifrolumab": "ANIF",
    "prednisone": "GC",
    "prednisolone": "GC",
    "methylprednisolone": "GC",
    "dexamethasone": "GC",
    "hydroxychloroquine": "HCQ",
    "acei": "RASI",
    "arb": "RASI",
    "sglt2i": "SGLT2",
    "hbv_antiviral": "HBVRX",
}

NEVER_A_LINE = frozenset({"GC", "HCQ", "RASI", "SGLT2", "HBVRX"})
LINE_CLASS_OF: Mapping[str, str] = {agent: name for agent, name in CLASS_OF.items() if name not in NEVER_A_LINE}
ANTI_CD20 = frozenset({"RTX", "CD20_2G"})
PULSE = frozenset({"RTX", "CD20_2G", "BEL", "ANTI_CD38", "PI"})
STANDARD_IN_MEMBRANOUS = frozenset({"RTX", "CD20_2G", "CYC", "CNI"})

# Sodium mycophenolate is dosed as mycophenolic acid: 1.44 g of it counts as 2 g of mofetil.
MOFETIL_PER_ACID = 2.0 / 1.44
