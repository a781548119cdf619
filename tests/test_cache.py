"""What is fetched once and kept."""

import hashlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ganbench import cache
from ganbench.cache import Remote, fetching, kept
from ganbench.errors import DeviceError, NotCachedError, StoreError

CONTENT = b"a file on the network\n" * 100


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBENCH_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def server():
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path != "/missing" else 404)
            self.end_headers()
            if self.path == "/whole":
                self.wfile.write(CONTENT)
            if self.path == "/torn":
                self.wfile.write(CONTENT[:-1])
            if self.path == "/other":
                self.wfile.write(CONTENT.upper())
            if self.path == "/endless":
                self.wfile.write(CONTENT * 1000)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def remote(*urls, kind="sha256"):
    return Remote(urls, f"{kind}:{hashlib.new(kind, CONTENT).hexdigest()}", len(CONTENT))


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_a_file_is_fetched_once_and_then_read_without_a_network(server, folder, kind):
    there = remote(f"{server}/whole", kind=kind)
    with fetching() as used:
        path = kept("set/a.bin", there.download)
    assert path.read_bytes() == CONTENT
    assert used == [path]
    assert kept("set/a.bin", lambda _: pytest.fail("it is there")) == path
    assert files(folder) == ["set/a.bin"]


def test_a_run_never_fetches(server, folder):
    with pytest.raises(NotCachedError, match=r"set/a\.bin"):
        kept("set/a.bin", remote(f"{server}/whole").download)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("page", "reason"),
    [("torn", "bytes"), ("endless", "bytes"), ("other", "its sha256 is"), ("missing", "404")],
)
def test_nothing_is_half_kept(server, folder, page, reason):
    there = remote(f"{server}/{page}")
    with fetching(), pytest.raises(DeviceError, match=reason) as failure:
        kept("set/a.bin", there.download)
    assert f"{server}/{page}" in str(failure.value)
    assert files(folder) == []


def test_the_next_place_is_tried(server):
    there = remote(f"{server}/missing", f"{server}/torn", f"{server}/whole")
    with fetching():
        assert kept("a.bin", there.download).read_bytes() == CONTENT


def test_without_a_network_fetching_is_one_sentence():
    there = remote("http://127.0.0.1:9/nothing")
    with fetching(), pytest.raises(DeviceError, match=r"a\.bin could not be fetched from http"):
        kept("a.bin", there.download)


def test_a_cache_that_cannot_be_written_is_one_sentence(folder):
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("not a folder")
    with fetching(), pytest.raises(StoreError, match="cannot be written"):
        kept("set/a.bin", lambda path: path.write_bytes(CONTENT))


def test_the_cache_is_the_users_unless_it_is_chosen(monkeypatch, folder):
    assert cache.folder() == folder
    monkeypatch.setenv("GANBENCH_DATA", "")
    assert cache.folder().name == "ganbench"


def test_what_is_damaged_is_fetched_again_on_request(server):
    there = remote(f"{server}/whole")
    with fetching():
        path = kept("set/a.bin", there.download)
    path.write_bytes(b"damaged")
    with fetching():
        assert kept("set/a.bin", there.download).read_bytes() == b"damaged"
    with fetching(again=True):
        assert kept("set/a.bin", there.download).read_bytes() == CONTENT
        assert kept("set/a.bin", lambda _: pytest.fail("once is enough")) == path


def test_a_server_that_talks_nonsense_is_one_that_failed(server):
    listener = socket.create_server(("127.0.0.1", 0))

    def babble():
        connection, _ = listener.accept()
        connection.sendall(b"garbage\r\n\r\n")
        connection.close()

    thread = threading.Thread(target=babble)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    with fetching():
        assert kept("a.bin", remote(url, f"{server}/whole").download).read_bytes() == CONTENT
    thread.join()
    listener.close()


def test_a_hidden_cache_looks_empty(server):
    with fetching():
        kept("a.bin", remote(f"{server}/whole").download)
    with cache.hidden(), pytest.raises(NotCachedError):
        kept("a.bin", lambda _: None)
