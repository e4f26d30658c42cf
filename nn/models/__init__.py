"""Networks by name.

>>> import nn
>>> sum(p.numel() for p in nn.models.create("lenet").parameters())
61706
"""

from .autoencoder import Autoencoder, DenoisingAutoencoder
from .cnn import SmallCNN
from .lenet import LeNet5
from .mlp import MLP
from .registry import create, names

__all__ = [
    "MLP",
    "Autoencoder",
    "DenoisingAutoencoder",
    "LeNet5",
    "SmallCNN",
    "create",
    "names",
]
