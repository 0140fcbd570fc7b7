"""Text that somebody else wrote, made safe to show.

Real clients render `detail` as GitHub-flavoured Markdown with raw HTML switched on, so an unescaped chart text
would run as markup. GFM also turns bare addresses into links, even behind backslashes or entities (the renderer
looks at the finished text), so addresses are broken visibly with a blank.
"""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"
_SCHEME = re.compile(r"(?i)\b(https?|ftps?|mailto|xmpp|javascript|vbscript|data|file)\s*:")
# Every scheme holds one of these; looking for them is cheaper. Only ASCII can be looked at so (U+017F is an s to `re`).
_IN_SCHEMES = ("http", "ftp", "mailto", "xmpp", "script", "data", "file")
_SCHEMES = ("http", "https", "ftp", "ftps", "mailto", "xmpp", "javascript", "vbscript", "data", "file")
_WWW = re.compile(r"(?i)\bwww\.")
_MARKDOWN = re.compile(r"([\\`*_\[\]|~#])")
_BLOCK_START = re.compile(r"^(?:([-+=])(?=[-+=\s]|$)|(\d+)([.)])(?=\s|$))")
# What no step below would change: "7.6 g/d", "mycophenolate mofetil". Possessive, so that no text is walked twice.
_HARMLESS = re.compile(
    r"(?![0-9]+\))[A-Za-z0-9]"
    r"(?:[A-Za-z0-9/%,()+-]++|(?<=[0-9])\.(?=[A-Za-z0-9])| (?=[A-Za-z0-9/%,()+-]))*+"
)


def is_harmless(text: str, limit: int) -> bool:
    """Whether a text of at most `limit` characters is safe to show as it stands, wherever it stands."""
    return len(text) <= limit and ((text.isalnum() and text.isascii()) or _HARMLESS.fullmatch(text) is not None)


def plain_text(text: str, limit: int) -> str:
    """One line without control, bidi or private characters, angle brackets or addresses; at most `limit` long."""
    if len(text) <= limit and _is_plain(text):
        return text
    return _shortened(_unlinked(_printable(text)).replace("<", "‹").replace(">", "›"), limit)


def chart_text(text: str, limit: int = 80) -> str:
    """Chart text for Markdown: one line, no markup, no HTML, no links; at most `limit` characters before escaping."""
    if is_harmless(text, limit):
        return text
    shown = _unlinked(_shortened(_printable(text), limit))
    shown = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    shown = _MARKDOWN.sub(r"\\\1", shown)
    return _BLOCK_START.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", shown)


def _is_plain(text: str) -> bool:
    """Whether no step of `plain_text` would change it: asked of every summary, and nearly always so."""
    if not (text.isascii() and text.isprintable()) or "  " in text or "<" in text or ">" in text or "@" in text:
        return False
    if "www." in text.lower() or text != text.strip():
        return False
    return ":" not in text or not _may_be_address(text)


def _may_be_address(text: str) -> bool:
    for part in text.split(":")[:-1]:  # noqa: SIM110
        if part.rstrip().lower().endswith(_SCHEMES):
            return True
    return False


def _unlinked(text: str) -> str:
    """A blank inside every address, so that no renderer finds one."""
    small = text.lower()
    if ":" in text and not (text.isascii() and all(part not in small for part in _IN_SCHEMES)):
        text = _SCHEME.sub(r"\1 :", text)
    if "www." in small:
        text = _WWW.sub("www .", text)
    return text.replace("@", " @ ")


def _printable(text: str) -> str:
    """Category C (control, format, surrogate, private) becomes a blank: it can hide, reverse or split what is read."""
    # Nearly all texts are printable as they are; the walk is for the others.
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(letter).startswith("C") else letter for letter in text)
    return " ".join((text if text.isascii() else unicodedata.normalize("NFC", text)).split())


def _shortened(text: str, limit: int) -> str:
    """Cut between words, so that no number and no grapheme is halved; a single long word is cut before an accent."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    if not text[limit - 1].isspace() and " " in cut:
        cut = cut.rsplit(" ", 1)[0]
    while cut and len(cut) < len(text) and unicodedata.category(text[len(cut)]).startswith("M"):
        cut = cut[:-1]
    return cut.rstrip(" ,;:(") + ELLIPSIS
