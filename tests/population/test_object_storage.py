"""Exports and results in object storage: the same rows, over real sockets where there are any."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cds_service.population import storage
from cds_service.population.crew import LocalCrew
from cds_service.population.faults import ScreeningFault
from cds_service.population.screening import begun_as_of
from cds_service.synthetic.export import write_export
from cds_service.synthetic.registry import registry
from tests.population.exports import ON, screened

NUMBER = 40
RESULTS = ("screening.ndjson", "screening.parquet", "report.html", "broken.ndjson")
BUCKET = "s3://hospital"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export in a folder, and what a screening of it gives."""
    folder = tmp_path_factory.mktemp("registry")
    write_export(registry(NUMBER, 3, ON), folder / "export", 3, ON, "R4", lambda done: None)
    screened(folder / "export", folder / "out")
    return folder


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A bucket on a server of this machine that speaks S3 (moto). The worker processes find it by the environment."""
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    servers = pytest.importorskip("moto.server", reason="moto with its server is not installed")
    server = servers.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    told = {"FSSPEC_S3_ENDPOINT_URL": f"http://127.0.0.1:{server.get_host_and_port()[1]}"}
    told |= dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "test") | {"AWS_DEFAULT_REGION": "us-east-1"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in told.items():
            patch.setenv(name, value)
        settled(told["FSSPEC_S3_ENDPOINT_URL"])
        storage._system_of(BUCKET)[0].mkdir(BUCKET)
        yield BUCKET
    settled("")
    server.stop()


def settled(endpoint: str) -> None:
    """fsspec reads its environment when it is imported: in this process that was long ago."""
    import fsspec.config  # type: ignore[import-untyped]

    fsspec.config.conf.pop("s3", None)
    if endpoint:
        fsspec.config.conf["s3"] = {"endpoint_url": endpoint}


def put(folder: Path, address: str) -> None:
    for path in sorted(folder.iterdir()):
        storage.write(storage.join(address, path.name), path.read_bytes())


def same_results(here: Path, address: str) -> None:
    for name in RESULTS:
        assert storage.read(storage.join(address, name)) == (here / "out" / name).read_bytes(), name


def test_an_export_in_a_bucket_gives_results_in_a_bucket(here: Path, s3: str) -> None:
    put(here / "export", f"{s3}/export")
    counts = screened(f"{s3}/export", f"{s3}/out")
    same_results(here, f"{s3}/out")
    assert counts["patients"]["found"] == NUMBER
    assert not storage.exists(f"{s3}/out/work"), "nothing is left of the work"


def test_processes_that_find_the_bucket_by_themselves_give_the_same(here: Path, s3: str) -> None:
    put(here / "export", f"{s3}/again")
    with LocalCrew(2) as crew:
        screened(f"{s3}/again", f"{s3}/crew", crew)
    same_results(here, f"{s3}/crew")


def test_what_was_begun_in_a_bucket_is_gone_on_with(here: Path, s3: str) -> None:
    put(here / "export", f"{s3}/begun")
    with pytest.raises(ConnectionError, match="after two"):
        screened(f"{s3}/begun", f"{s3}/half", Tired(2))
    left = {name for name in storage.names_in(f"{s3}/half/work") if name.endswith(".spill")}
    assert len(left) == 2
    assert begun_as_of(f"{s3}/half") == ON
    screened(f"{s3}/begun", f"{s3}/half", resume=True)
    same_results(here, f"{s3}/half")


class Tired:
    """Does as many pieces of reading as it is told, then the line breaks."""

    def __init__(self, pieces: int) -> None:
        self._left = pieces

    def each(self, do: Any, pieces: Any) -> Iterator[Any]:
        for piece in pieces:
            if do.__name__ == "gather_task":
                if not self._left:
                    raise ConnectionError("after two")
                self._left -= 1
            yield piece, do(*piece)


def test_what_breaks_while_it_is_written_to_a_bucket_is_absent(s3: str) -> None:
    for size in (10, 60 << 20):
        with pytest.raises(KeyError), storage.writing(f"{s3}/broken/{size}") as stream:
            stream.write(b"x" * size)
            raise KeyError
        assert not storage.exists(f"{s3}/broken/{size}")


def test_a_part_of_a_large_file_is_fetched_without_the_rest(s3: str) -> None:
    storage.write(f"{s3}/large", b"a" * 1000 + b"b" * 1000)
    assert list(storage.ranges(f"{s3}/large", [(999, 1001), (0, 2)])) == [b"ab", b"aa"]


def test_memory_is_a_storage_like_any_other(here: Path) -> None:
    pytest.importorskip("fsspec", reason="fsspec is not installed")
    put(here / "export", "memory://registry/export")
    screened("memory://registry/export", "memory://registry/out")
    same_results(here, "memory://registry/out")


def test_results_go_to_a_folder_that_is_named_as_an_address(here: Path, tmp_path: Path) -> None:
    pytest.importorskip("fsspec", reason="fsspec is not installed")
    screened((here / "export").as_uri(), (tmp_path / "deep" / "out").as_uri())
    same_results(here, str(tmp_path / "deep" / "out"))
    assert not (tmp_path / "deep" / "out" / "work").exists()


@pytest.fixture
def web(here: Path) -> Iterator[str]:
    """A web server that offers the export's files."""
    pytest.importorskip("aiohttp", reason="aiohttp, by which fsspec reads http, is not installed")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - as its base spells it
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(here / "export"))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_manifest_of_an_export_on_a_web_server_is_read_with_its_files(here: Path, web: str, tmp_path: Path) -> None:
    screened(f"{web}/manifest.json", tmp_path / "out")
    same_results(here, str(tmp_path / "out"))


def test_a_file_of_lines_on_a_web_server_is_an_export(web: str, tmp_path: Path) -> None:
    counts = screened(f"{web}/Patient.000.ndjson", tmp_path / "out")
    assert counts["patients"]["found"] == NUMBER


def test_what_is_not_in_the_bucket_is_said(s3: str, tmp_path: Path) -> None:
    with pytest.raises(ScreeningFault, match="s3://hospital/nothing"):
        screened(f"{s3}/nothing", tmp_path / "out")


@pytest.mark.parametrize("address", ["nonsense://a/b", "memory://nothing/there"])
def test_what_is_no_storage_or_not_there_is_said(address: str, tmp_path: Path) -> None:
    with pytest.raises(ScreeningFault, match=address):
        screened(address, tmp_path / "out")
