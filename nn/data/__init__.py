"""Data: datasets, transforms, the loader, and data sets by name."""

from .collate import default_collate, default_convert
from .dataset import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    ImageDataset,
    IterableDataset,
    ReconstructionDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)
from .download import download
from .idx import read_idx
from .loader import DataLoader
from .randomness import sample_generator
from .sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
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
from .workers import WorkerInfo, get_worker_info

__all__ = [
    "BatchSampler",
    "ChainDataset",
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
    "IterableDataset",
    "Lambda",
    "Normalize",
    "Pad",
    "RandomCrop",
    "RandomHorizontalFlip",
    "RandomSampler",
    "ReconstructionDataset",
    "Sampler",
    "SequentialSampler",
    "Splits",
    "StackDataset",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "ToDtype",
    "Transform",
    "WeightedRandomSampler",
    "WorkerInfo",
    "default_collate",
    "default_convert",
    "download",
    "get_worker_info",
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
