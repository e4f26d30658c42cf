"""nn.data.download: parts, mirrors, checksums and transfers that break off, from a server of this machine."""

from __future__ import annotations

import hashlib
import http.server
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import autograd_core as ag
from nn import data as nd
from nn.data.download import ATTEMPTS, checksum_mismatch

BODY = np.random.default_rng(0).bytes(300_000)
MD5 = hashlib.md5(BODY).hexdigest()
SHA256 = hashlib.sha256(BODY).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serve BODY; the path says how: /range/..., /plain/..., /short/..., /wrong/..., /shifted/..., ...; else 404."""

    log: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        how, wanted = self.path.split("/")[1], self.headers.get("Range")
        self.log.append((how, wanted))
        body = BODY[::-1] if how == "wrong" else BODY
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and how != "plain" else 0
        if how == "chunked":  # announces 100,000 bytes, and closes after 3
            self.protocol_version = "HTTP/1.1"
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"186a0\r\nabc")
            self.close_connection = True
        elif how not in ("range", "plain", "short", "stuck", "wrong", "shifted"):
            self.send_error(404)
        elif start > len(body):
            self.send_error(416)
        else:
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start + (how == 'shifted')}-{len(body) - 1}/{len(body)}")
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            sent = body[start:]
            if how == "short":
                sent = sent[: 100_000 + 1]
            elif how == "stuck":
                sent = sent[: max(0, 50_000 - start)]
            self.wfile.write(sent)
            if how == "stuck" and "wait" in self.path:
                time.sleep(0.3)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "*")
    Handler.log = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "new" / "file.gz"


def part_of(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    return part


@pytest.mark.parametrize("checksums", [{}, {"md5": MD5}, {"sha256": SHA256}, {"md5": MD5, "sha256": SHA256}])
def test_download(server: str, target: Path, checksums: dict[str, str]) -> None:
    assert nd.download(f"{server}/range/file", target, **checksums) == target
    assert target.read_bytes() == BODY
    assert os.listdir(target.parent) == ["file.gz"]
    nd.download(f"{server}/range/file", target, **checksums)
    assert Handler.log == [("range", None)], "a file that is there is not fetched again"


def test_download_resumes_a_part(server: str, target: Path) -> None:
    part_of(target, BODY[:120_000])
    nd.download(f"{server}/range/file", target, md5=MD5)
    assert target.read_bytes() == BODY
    assert Handler.log == [("range", "bytes=120000-")]


def test_download_starts_again_where_the_server_knows_no_ranges(server: str, target: Path) -> None:
    part_of(target, b"old" * 40_000)
    nd.download(f"{server}/plain/file", target, md5=MD5)
    assert target.read_bytes() == BODY
    assert Handler.log == [("plain", "bytes=120000-")]


def test_download_without_a_checksum_never_trusts_a_part(server: str, target: Path) -> None:
    part_of(target, b"old" * 40_000)
    nd.download(f"{server}/range/file", target)
    assert target.read_bytes() == BODY
    assert Handler.log == [("range", None)]


def test_download_throws_away_a_part_of_another_file(server: str, target: Path) -> None:
    part_of(target, b"old" * 40_000)
    nd.download(f"{server}/range/file", target, md5=MD5)
    assert target.read_bytes() == BODY
    assert Handler.log == [("range", "bytes=120000-"), ("range", None)]


def test_download_throws_away_a_part_that_is_too_long(server: str, target: Path) -> None:
    part_of(target, BODY + b"more")
    nd.download(f"{server}/range/file", target, md5=MD5)
    assert target.read_bytes() == BODY
    assert Handler.log == [("range", f"bytes={len(BODY) + 4}-"), ("range", None)]


def test_download_takes_a_part_that_is_whole(server: str, target: Path) -> None:
    part_of(target, BODY)
    nd.download(f"{server}/range/file", target, md5=MD5)
    assert target.read_bytes() == BODY
    assert Handler.log == []


def test_download_goes_on_when_a_transfer_breaks_off(server: str, target: Path) -> None:
    nd.download(f"{server}/short/file", target, sha256=SHA256)
    assert target.read_bytes() == BODY
    assert [wanted for _, wanted in Handler.log] == [None, "bytes=100001-", "bytes=200002-"]


def test_download_notices_a_broken_stream_of_unknown_length(server: str, target: Path) -> None:
    with pytest.raises(ag.errors.DataError, match="chunked/file: broke off: IncompleteRead"):
        nd.download(f"{server}/chunked/file", target)
    assert not target.exists()


def test_download_does_not_wait_for_ever(server: str, target: Path) -> None:
    with pytest.raises(ag.errors.DataError, match="stuck/wait: broke off: timed out"):
        nd.download(f"{server}/stuck/wait", target, md5=MD5, timeout=0.1)


def test_download_keeps_the_part_of_a_transfer_that_ends_too_early(server: str, target: Path) -> None:
    with pytest.raises(ag.errors.DataError, match=r"broke off after 50000 of 300000 bytes\n.*fetch the file by hand"):
        nd.download(f"{server}/stuck/file", target, md5=MD5)
    assert os.listdir(target.parent) == ["file.gz.part"]
    nd.download([f"{server}/nowhere/file", f"{server}/range/file"], target, md5=MD5)
    assert target.read_bytes() == BODY
    assert Handler.log[-1] == ("range", "bytes=50000-"), "another mirror goes on where the first stopped"


def test_download_truncated_without_a_checksum(server: str, target: Path) -> None:
    with pytest.raises(ag.errors.DataError, match="broke off after 50000 of 300000 bytes"):
        nd.download(f"{server}/stuck/file", target)
    assert not target.exists()
    assert len(Handler.log) == ATTEMPTS


def test_download_tries_the_mirrors_in_order_and_says_why_each_failed(server: str, target: Path) -> None:
    nd.download([f"{server}/missing/file", f"{server}/wrong/file", f"{server}/range/file"], target, md5=MD5)
    assert target.read_bytes() == BODY
    target.unlink()
    with pytest.raises(ag.errors.DataError) as caught:
        nd.download([f"{server}/missing/file", f"{server}/wrong/file", "http://127.0.0.1:9/file"], target, md5=MD5)
    message = str(caught.value)
    assert "could not download file.gz:" in message
    assert "/missing/file: HTTP 404 Not Found" in message
    wrong = hashlib.md5(BODY[::-1]).hexdigest()
    assert f"/wrong/file: wrong checksum: md5 {wrong} over 300000 bytes, expected {MD5}" in message
    assert "127.0.0.1:9/file: [Errno" in message
    assert message.endswith(f"fetch the file by hand and save it as {target}")
    assert not list(target.parent.iterdir()), "a file with the wrong checksum is not kept"


def test_download_replaces_a_damaged_file_only_by_a_right_one(server: str, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"damaged")
    with pytest.raises(ag.errors.DataError, match="HTTP 404"):
        nd.download(f"{server}/missing/file", target, md5=MD5)
    assert target.read_bytes() == b"damaged"
    nd.download(f"{server}/range/file", target, md5=MD5)
    assert target.read_bytes() == BODY


def test_download_refuses_a_range_that_it_did_not_ask_for(server: str, target: Path) -> None:
    part_of(target, BODY[:10])
    with pytest.raises(
        ag.errors.DataError, match=r"answered with the range 'bytes 11-299999/300000', asked from byte 10"
    ):
        nd.download(f"{server}/shifted/file", target, md5=MD5)


def test_download_that_cannot_be_written(server: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(
        ag.errors.DataError, match=r"cannot write .*x\.part: (Not a directory|File exists); free some space"
    ):
        nd.download(f"{server}/range/file", tmp_path / "file" / "x")


def test_download_of_a_bad_address(target: Path) -> None:
    with pytest.raises(ag.errors.DataError, match="nonsense: unknown url type"):
        nd.download("nonsense", target)


def test_checksum_mismatch(tmp_path: Path) -> None:
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    assert checksum_mismatch(path, None, None) is None
    assert checksum_mismatch(path, hashlib.sha256(b"abc").hexdigest(), hashlib.md5(b"abc").hexdigest()) is None
    assert "wrong checksum: sha256 ba78" in str(checksum_mismatch(path, SHA256, None))
