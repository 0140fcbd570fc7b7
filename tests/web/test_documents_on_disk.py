"""The documents' folder as it changes: links out of it, files that are gone, letters that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.course.documents import Documents, document_page, documents_in

SECRET = "# Not of this folder"
AROUND = {"signed": "", "assets": "/assets", "home": "/", "base": ""}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder, outside = tmp_path / "docs", tmp_path / "outside"
    (folder / "how-to").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret.md").write_text(SECRET)
    (outside / "secret.png").write_bytes(b"secret")
    (folder / "index.md").write_text("# Index\n\n[first](how-to/first.md)")
    (folder / "how-to" / "first.md").write_text("# First")
    (folder / "picture.png").write_bytes(b"picture")
    return folder


def gone(documents: Documents, name: str) -> bool:
    return documents.document(name) is None and documents.picture(name) is None


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("hole.md", "../outside/secret.md"),
        ("hole.png", "../outside/secret.png"),
        ("hole.md", "index.md"),
        ("hole", "../outside"),
        ("how-to/hole.md", "../../outside/secret.md"),
    ],
)
def test_a_link_in_the_folder_is_no_document(folder: Path, link: str, target: str) -> None:
    (folder / link).symlink_to(target)
    documents = documents_in(folder)
    assert sorted(documents.files) == ["how-to/first.md", "index.md", "picture.png"]
    for name in (link, f"{link}/secret.md", f"{link}/secret.png"):
        assert gone(documents, name)


@pytest.mark.parametrize("name", ["how-to/first.md", "picture.png"])
def test_a_file_that_a_link_took_the_place_of_is_no_longer_shown(folder: Path, name: str) -> None:
    documents = documents_in(folder)
    (folder / name).unlink()
    (folder / name).symlink_to(folder.parent / "outside" / f"secret{Path(name).suffix}")
    assert gone(documents, name)


def test_a_folder_that_a_link_took_the_place_of_is_no_longer_shown(folder: Path) -> None:
    documents = documents_in(folder)
    (folder / "how-to").rename(folder.parent / "moved")
    (folder / "how-to").symlink_to(folder.parent / "moved")
    assert gone(documents, "how-to/first.md")


def test_a_folder_that_is_reached_by_a_link_is_shown(folder: Path) -> None:
    (folder.parent / "link").symlink_to(folder)
    documents = documents_in(folder.parent / "link")
    assert documents.document("how-to/first.md")
    assert documents.picture("picture.png")


@pytest.mark.parametrize("name", ["how-to/first.md", "picture.png"])
def test_what_was_deleted_since_the_start_is_not_there_and_the_others_stay(folder: Path, name: str) -> None:
    documents = documents_in(folder)
    (folder / name).unlink()
    assert gone(documents, name)
    index = documents.document("index.md")
    assert index
    assert "Index" in document_page(documents, index, AROUND)


def test_nothing_leads_to_a_document_that_was_deleted_since_the_start(folder: Path) -> None:
    documents = documents_in(folder)
    (folder / "how-to" / "first.md").unlink()
    index = documents.document("index.md")
    assert index
    assert "first.md" not in document_page(documents, index, AROUND)
    assert "How to" not in documents.contents()


def test_letters_that_cannot_be_read_are_marked(folder: Path) -> None:
    (folder / "how-to" / "first.md").write_bytes(b"# First \xff")
    documents = documents_in(folder)
    document = documents.document("how-to/first.md")
    assert document
    assert document.title == "First \ufffd"
    assert documents.contents()["How to"] == (("how-to/first.md", "First \ufffd"),)
