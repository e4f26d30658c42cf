"""Values in files: ``save`` and ``load``, and the pieces that they, and checkpoints, are made of."""

from .files import write_atomically
from .formats import Content, decode_npz, decode_safetensors, encode_npz, encode_safetensors
from .store import load, save
from .tree import pack, tensor_of, unpack

__all__ = [
    "Content",
    "decode_npz",
    "decode_safetensors",
    "encode_npz",
    "encode_safetensors",
    "load",
    "pack",
    "save",
    "tensor_of",
    "unpack",
    "write_atomically",
]
