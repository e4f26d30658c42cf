"""Files that ship with the package: read whole, and only if they are what they were."""

from __future__ import annotations

import hashlib
from importlib import resources

import autograd_core as ag

__all__ = ["read_embedded"]


def read_embedded(package: str, file: str, sha256: str) -> tuple[bytes, str]:
    """Return the content of *file* in the folder ``files`` of *package*, and its path.

    Raises DataError for a file that is missing, or whose SHA-256 checksum is not *sha256*.

    >>> read_embedded("nn.data", "nothing.npz", "")
    Traceback (most recent call last):
    autograd_core.errors.DataError: cannot read ...nothing.npz: No such file or directory; install the package again
    """
    where = resources.files(package) / "files" / file
    reinstall = "install the package again"
    try:
        content = where.read_bytes()
    except OSError as error:
        raise ag.errors.DataError(f"cannot read {where}: {error.strerror}; {reinstall}") from error
    if (got := hashlib.sha256(content).hexdigest()) != sha256:
        raise ag.errors.DataError(
            f"{where} is damaged: {len(content)} bytes with SHA-256 {got}, expected {sha256}; {reinstall}"
        )
    return content, str(where)
