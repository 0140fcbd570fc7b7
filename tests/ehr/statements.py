"""Signed statements of clients, checked as an authorization server has to (SMART App Launch 2.2, RFC 7523)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import jwt

from tests.ehr.exchange import Json
from tests.ehr.signing_keys import SigningKey

KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = 300
"""Seconds that a statement may be good for."""


@dataclass(slots=True)
class Statements:
    """What one token endpoint was told. `refused` names what was wrong with a statement."""

    accepted: list[Json] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _used: set[str] = field(default_factory=set)

    def forget(self) -> None:
        self.accepted.clear()
        self.refused.clear()

    def fault_of(self, form: Mapping[str, str], client_id: str, key: SigningKey | None, audience: str) -> str:
        """What is wrong with the statement of a form; empty when it proves the client."""
        fault = self._fault_of(form, client_id, key, audience)
        if fault:
            self.refused.append(fault)
        return fault

    def _fault_of(self, form: Mapping[str, str], client_id: str, key: SigningKey | None, audience: str) -> str:
        if form.get("client_assertion_type") != KIND:
            return "assertion type"
        statement = form.get("client_assertion", "")
        needed = {"require": ["iss", "sub", "aud", "exp", "jti"]}
        try:
            head = jwt.get_unverified_header(statement)
            if key is None or head.get("kid") != key.kid or head.get("typ") != "JWT":
                return "key id or type"
            claims = jwt.decode(
                statement,
                key.public_pem,
                [key.algorithm],
                options=needed,  # type: ignore[arg-type]
                audience=audience,
            )
        except jwt.PyJWTError as error:
            return type(error).__name__
        if claims["iss"] != client_id or claims["sub"] != client_id:
            return "client"
        if claims["exp"] > time.time() + LONGEST or claims["jti"] in self._used:
            return "life or jti"
        self._used.add(claims["jti"])
        self.accepted.append(claims)
        return ""
