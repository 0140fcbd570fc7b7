"""Why a launch or a visit does not go on: a reason from a short list, with words for whoever sees the page.

Nothing of the request stands in them: what was sent may name a patient, or be markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from cds_service.errors import NextlineError

Reason = Literal[
    "parameters",
    "server_unknown",
    "not_begun_here",
    "metadata_slow",
    "metadata_failed",
    "endpoints_refused",
    "no_pkce",
    "issuer_mixed",
    "denied",
    "exchange_refused",
    "exchange_slow",
    "exchange_failed",
    "token_unusable",
    "no_patient",
    "scopes_missing",
    "not_shown_here",
    "closed",
    "no_form_token",
]


class Words(NamedTuple):
    """What a page says: its status, its heading, and a sentence or two."""

    status: int
    heading: str
    text: str


_ADMINISTRATOR = "Please tell the administrator of your record system."
_AGAIN = "Open the app again from the patient's record."

WORDS: Mapping[Reason, Words] = {
    "parameters": Words(400, "This launch cannot be read", "It lacks a part, or has one twice. " + _AGAIN),
    "server_unknown": Words(
        400, "This record system is not registered here", "The app opens for registered ones only. " + _ADMINISTRATOR
    ),
    "not_begun_here": Words(
        400,
        "This sign-in was not begun here",
        "It belongs to another browser, took longer than ten minutes, or was used already. " + _AGAIN,
    ),
    "metadata_slow": Words(504, "The record system does not answer", "It was asked where to sign in. " + _AGAIN),
    "metadata_failed": Words(
        502, "The record system does not say where to sign in", "Its SMART configuration cannot be read. " + _AGAIN
    ),
    "endpoints_refused": Words(
        502,
        "The record system names a place to sign in that is not registered",
        "Nothing was sent there. " + _ADMINISTRATOR,
    ),
    "no_pkce": Words(502, "The sign-in is not safe enough", "The record system offers no PKCE S256. " + _ADMINISTRATOR),
    "issuer_mixed": Words(
        400, "The sign-in was answered by another system", "Nothing was sent there. " + _ADMINISTRATOR
    ),
    "denied": Words(403, "The sign-in was not granted", "The record system declined it. " + _AGAIN),
    "exchange_refused": Words(
        403,
        "The sign-in was not accepted",
        "The code was used already or is too old, or the app is registered there in another way. " + _AGAIN,
    ),
    "exchange_slow": Words(504, "The sign-in took too long", "The record system did not answer in time. " + _AGAIN),
    "exchange_failed": Words(502, "The sign-in failed", "The record system could not finish it. " + _AGAIN),
    "token_unusable": Words(
        502,
        "The sign-in cannot be used",
        "The record system's answer is not one of SMART App Launch. " + _ADMINISTRATOR,
    ),
    "no_patient": Words(403, "No patient is open", "The record system did not say whose course to show. " + _AGAIN),
    "scopes_missing": Words(
        403, "The app may not read enough of the record", "Without it no answer would be safe. " + _ADMINISTRATOR
    ),
    "not_shown_here": Words(
        403, "Not shown here yet", "This service runs silently for your record system: it computes, and shows nothing."
    ),
    "closed": Words(
        403, "This page is closed", "You have left it, it was not used for a while, or the sign-in has ended. " + _AGAIN
    ),
    "no_form_token": Words(403, "That did not come from this page", "Nothing was changed. " + _AGAIN),
}


class LaunchRefused(NextlineError):  # noqa: N818 - the house word
    """A launch or a visit that ends here."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason)

    @property
    def words(self) -> Words:
        """What the page says."""
        return WORDS[self.reason]
