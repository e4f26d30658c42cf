"""Data: datasets, transforms, the loader, and data sets by name."""

from .binaural import SOUNDS, BinauralMixtures, binaural_mixtures, head_shadow, interaural_features
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
from .folds import k_folds
from .handwriting import digits
from .hog import hog
from .idx import read_idx
from .loader import DataLoader
from .microscopy import nuclei
from .ngrams import NGrams
from .pairs import label_pairs
from .photographs import photographs
from .randomness import sample_generator
from .reviews import reviews
from .rotation import RandomRotation
from .sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from .scenes import Scenes, compose_scenes
from .signals import DIRECTIONS, SWEEPS, moving_shapes, sweeps
from .sources import EmbeddedSource, IdxFile, IdxSource, ImageSource, Splits, load, register, source, source_names
from .surnames import SurnameDataset, surnames
from .synthetic import logic, recall, two_moons, xor
from .tables import Standardize, TableDataset, wine
from .transforms import (
    CenterCrop,
    ChannelsFirst,
    Compose,
    GaussianNoise,
    Lambda,
    Normalize,
    Pad,
    RandomCrop,
    RandomHorizontalFlip,
    Resize,
    ToDtype,
    Transform,
)
from .vocabulary import Vocabulary
from .workers import WorkerInfo, get_worker_info

__all__ = [
    "DIRECTIONS",
    "SOUNDS",
    "SWEEPS",
    "BatchSampler",
    "BinauralMixtures",
    "CenterCrop",
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
    "NGrams",
    "Normalize",
    "Pad",
    "RandomCrop",
    "RandomHorizontalFlip",
    "RandomRotation",
    "RandomSampler",
    "ReconstructionDataset",
    "Resize",
    "Sampler",
    "Scenes",
    "SequentialSampler",
    "Splits",
    "StackDataset",
    "Standardize",
    "Subset",
    "SubsetRandomSampler",
    "SurnameDataset",
    "TableDataset",
    "TensorDataset",
    "ToDtype",
    "Transform",
    "Vocabulary",
    "WeightedRandomSampler",
    "WorkerInfo",
    "binaural_mixtures",
    "compose_scenes",
    "default_collate",
    "default_convert",
    "digits",
    "download",
    "get_worker_info",
    "head_shadow",
    "hog",
    "interaural_features",
    "k_folds",
    "label_pairs",
    "load",
    "logic",
    "moving_shapes",
    "nuclei",
    "photographs",
    "random_split",
    "read_idx",
    "recall",
    "register",
    "reviews",
    "sample_generator",
    "source",
    "source_names",
    "surnames",
    "sweeps",
    "two_moons",
    "wine",
    "xor",
]
