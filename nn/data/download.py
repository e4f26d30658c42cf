"""Fetch a file: mirrors, resume, progress, checksum, and the name only when it is whole."""

from __future__ import annotations

import hashlib
import http.client
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tqdm import tqdm

import autograd_core as ag

__all__ = ["checksum_mismatch", "download"]

ATTEMPTS = 3
CHUNK = 1 << 16


class _TransferError(Exception):
    """A mirror did not give the file; the message says why."""


def download(
    url: str | Sequence[str],
    path: str | os.PathLike[str],
    sha256: str | None = None,
    md5: str | None = None,
    timeout: float = 30.0,
) -> Path:
    """Fetch *url*, or the first of several mirrors that gives the right file, to *path*, and return that path.

    A file that is already there with the right checksum is kept. The bytes go to ``<path>.part`` and take the name in
    one step when the checksum fits. A part that an earlier call left is continued where the server can (HTTP Range), if
    there is a checksum to show that both halves are of one file. *timeout* is in seconds without an answer.

    Raises DataError when no mirror gives the file, with each mirror's reason and what to do by hand, or when the disk
    refuses.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "there").write_text("abc")
    >>> download((folder / "there").as_uri(), folder / "here", md5="900150983cd24fb0d6963f7d28e17f72").read_text()
    'abc'
    """
    path = Path(path)
    mirrors = [url] if isinstance(url, str) else list(url)
    part = path.with_name(path.name + ".part")
    resumable = bool(sha256 or md5)
    failures = []
    try:
        if path.exists() and not checksum_mismatch(path, sha256, md5):
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        if resumable and part.exists() and not checksum_mismatch(part, sha256, md5):
            return part.replace(path)
        for mirror in mirrors:
            for _ in range(ATTEMPTS):
                had = _length(part) if resumable else 0
                try:
                    _transfer(mirror, part, had, timeout)
                except _TransferError as error:
                    failures.append(f"{mirror}: {error}")
                    if _length(part) > had:
                        continue  # it broke off on the way: go on from there
                    break
                wrong = checksum_mismatch(part, sha256, md5)
                if not wrong:
                    return part.replace(path)
                part.unlink()
                failures.append(f"{mirror}: {wrong}")
                if not had:
                    break  # with an old part the part may be at fault, without one the mirror is
    except OSError as error:
        raise ag.errors.DataError(
            f"cannot write {part}: {error.strerror or error}; free some space, or choose a folder that you may write to"
        ) from error
    reasons = "".join(f"\n  {failure}" for failure in failures)
    raise ag.errors.DataError(
        f"could not download {path.name}:{reasons}\nCheck the connection and try again, or fetch the file by hand "
        f"and save it as {path}"
    )


def checksum_mismatch(path: Path, sha256: str | None, md5: str | None) -> str | None:
    """Say how the file differs from the checksums that are given, or None if it has them."""
    for algorithm, expected in (("sha256", sha256), ("md5", md5)):
        if expected:
            with path.open("rb") as file:
                got = hashlib.file_digest(file, partial(hashlib.new, algorithm, usedforsecurity=False)).hexdigest()
            if got != expected:
                return f"wrong checksum: {algorithm} {got} over {_length(path)} bytes, expected {expected}"
    return None


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _transfer(url: str, part: Path, start: int, timeout: float) -> None:
    """Append the bytes of *url* from *start* on to *part*; from the beginning where the server does not know ranges."""
    headers = {"User-Agent": "autograd_core", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        response = urlopen(Request(url, headers=headers), timeout=timeout)
    except HTTPError as error:
        error.close()
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and start:
            part.unlink()  # longer than the file: not a part of it
            return _transfer(url, part, 0, timeout)
        raise _TransferError(f"HTTP {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _TransferError(str(getattr(error, "reason", error)) or type(error).__name__) from error
    with response:
        resumed = response.status == http.client.PARTIAL_CONTENT
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            raise _TransferError(
                f"answered with the range {response.headers.get('Content-Range')!r}, asked from byte {start}"
            )
        done = start if resumed else 0
        length = response.headers.get("Content-Length")
        total = None if length is None else done + int(length)
        with (
            part.open("ab" if resumed else "wb") as file,
            tqdm(total=total, initial=done, unit="B", unit_scale=True, desc=part.stem, disable=None) as bar,
        ):
            while chunk := _read(response):
                file.write(chunk)
                done += len(chunk)
                bar.update(len(chunk))
            file.flush()
            os.fsync(file.fileno())
    if total is not None and done < total:
        raise _TransferError(f"broke off after {done} of {total} bytes")
    return None


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _TransferError(f"broke off: {error}") from error
