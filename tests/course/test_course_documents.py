"""The documents as pages: links lead somewhere, nothing raw comes through, nothing outside the folder is served."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

import pytest

from cds_service.course.documents import Documents, documents_in, documents_of_checkout

OURS = documents_of_checkout()
NAMES = [name for name in OURS.files if name.endswith(".md")]
ADDRESS = re.compile(r'(?:href|src)="([^"]*)"')


def written(folder: Path, text: str) -> Documents:
    (folder / "page.md").write_text(text, encoding="utf-8")
    (folder / "other.md").write_text("# Other", encoding="utf-8")
    (folder / "secret.txt").write_text("not for reading", encoding="utf-8")
    return documents_in(folder)


@pytest.mark.parametrize("name", NAMES)
def test_every_document_can_be_shown_and_all_its_links_lead_somewhere(name: str) -> None:
    document = OURS.document(name)
    assert document
    assert "&lt;!--" not in document.body
    assert "flowchart TD" not in document.body
    for address in ADDRESS.findall(document.body):
        if not address.startswith(("https://", "#")):
            target, _, anchor = address.partition("#")
            there = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            assert OURS.document(there) or OURS.picture(there)
            if anchor:
                found = OURS.document(there)
                assert found
                assert f'id="{anchor}"' in found.body, address


def test_the_contents_name_every_document_once() -> None:
    entries = [name for group in OURS.contents().values() for name, _ in group]
    assert sorted(entries) == sorted(NAMES)
    assert "tutorial.md" in [name for name, _ in OURS.contents()["Start"]]


@pytest.mark.parametrize(
    ("text", "there", "not_there"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;", "<script"),
        ("[a](javascript:alert(1))", "", 'href="javascript'),
        ("[words](../secret.md)", "words", "<a "),
        ("[words](secret.txt)", "words", "<a "),
        ("[words](//other.example/x)", "words", "<a "),
        ("[words](other.md#part)", '<a href="other.md#part"', "secret"),
        ("<!-- not to be seen -->\n# Title", '<h1 id="title">Title</h1>', "not to be seen"),
        ('!!! warning "Take care"\n    All of it.\n\nAfter.', "<strong>Take care</strong>", "!!!"),
        ("```\n<b>\n```", '<pre tabindex="0"><code>&lt;b&gt;', "<b>"),
        ("a<br/>b", "a<br />", "&lt;br"),
        ("| a |\n|---|\n| b |", 'role="group"', "|"),
    ],
)
def test_markdown_is_shown_and_nothing_raw_comes_through(tmp_path: Path, text: str, there: str, not_there: str) -> None:
    document = written(tmp_path, text).document("page.md")
    assert document
    assert there in document.body
    assert not_there not in document.body


@pytest.mark.parametrize("name", ["secret.txt", "../page.md", "page", "page.md/", "", "/etc/passwd", "nobody.md"])
def test_nothing_but_documents_and_pictures_is_given_out(tmp_path: Path, name: str) -> None:
    documents = written(tmp_path, "# Page")
    assert documents.document(name) is None
    assert documents.picture(name) is None


def test_where_there_are_no_documents_there_are_none() -> None:
    assert not documents_in(None).files
