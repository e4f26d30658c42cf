"""Data: datasets, transforms, the loader, and data sets by name."""

from .collate import default_collate
from .dataset import (
    ConcatDataset,
    Dataset,
    ImageDataset,
    ReconstructionDataset,
    Subset,
    TensorDataset,
    random_split,
)
from .download import download
from .idx import read_idx
from .loader import DataLoader
from .randomness import sample_generator
from .sources import EmbeddedSource, IdxFile, IdxSource, ImageSource, Splits, load, register, source, source_names
from .synthetic import two_moons, xor
from .transforms import (
    ChannelsFirst,
    Compose,
    GaussianNoise,
    Lambda,
    Normalize,
    Pad,
    RandomCrop,
    RandomHorizontalFlip,
    ToDtype,
    Transform,
)

__all__ = [
    "ChannelsFirst",
    "Compose",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "EmbeddedSource",
    "GaussianNoise",
    "IdxFile",
    "IdxSource",
    "ImageDataset",
    "ImageSource",
    "Lambda",
    "Normalize",
    "Pad",
    "RandomCrop",
    "RandomHorizontalFlip",
    "ReconstructionDataset",
    "Splits",
    "Subset",
    "TensorDataset",
    "ToDtype",
    "Transform",
    "default_collate",
    "download",
    "load",
    "random_split",
    "read_idx",
    "register",
    "sample_generator",
    "source",
    "source_names",
    "two_moons",
    "xor",
]
