"""Networks, each written once: the functions take a library, ours or PyTorch."""

from __future__ import annotations

from typing import Any

from .libraries import Library


def lenet5(library: Library) -> Any:
    """LeNet-5 for (N, 1, 28, 28).  Source: LeCun et al., 1998."""
    n = library.nn
    return n.Sequential(
        n.Conv2d(1, 6, 5, padding=2), n.Tanh(), n.AvgPool2d(2),
        n.Conv2d(6, 16, 5), n.Tanh(), n.AvgPool2d(2), n.Flatten(),
        n.Linear(400, 120), n.Tanh(), n.Linear(120, 84), n.Tanh(), n.Linear(84, 10),
    )  # fmt: skip


def normalized(library: Library, c: int, o: int, stride: int = 1) -> list[Any]:
    """A 3x3 convolution and batch normalisation."""
    n = library.nn
    return [n.Conv2d(c, o, 3, stride, 1, bias=False), n.BatchNorm2d(o)]


def small_cnn(library: Library) -> Any:
    """The layers of ``nn.models.SmallCNN``, for (N, 1, 28, 28)."""
    n = library.nn
    layers: list[Any] = []
    for c, o in ((1, 24), (24, 48), (48, 96)):
        layers += [*normalized(library, c, o), n.ReLU(), n.MaxPool2d(2)]
    layers += [n.Flatten(), n.Dropout(0.25), n.Linear(96 * 9, 128), n.ReLU(), n.Dropout(0.25), n.Linear(128, 10)]
    return n.Sequential(*layers)


def vgg11(library: Library) -> Any:
    """VGG-11 with batch normalisation and one linear layer, for (N, 3, 32, 32).  Source: Simonyan & Zisserman, 2015."""
    n = library.nn
    layers: list[Any] = []
    c = 3
    for block in ((64,), (128,), (256, 256), (512, 512), (512, 512)):
        for o in block:
            layers += [*normalized(library, c, o), n.ReLU()]
            c = o
        layers.append(n.MaxPool2d(2))
    return n.Sequential(*layers, n.Flatten(), n.Linear(512, 10))


def resnet18(library: Library) -> Any:
    """ResNet-18 for (N, 3, 32, 32): a 3x3 convolution first, and no pooling after it.  Source: He et al., 2016."""
    n = library.nn

    class Block(n.Module):  # type: ignore[misc,name-defined]
        """Two convolutions, and a way around them."""

        def __init__(self, c: int, o: int, stride: int) -> None:
            super().__init__()
            self.body = n.Sequential(*normalized(library, c, o, stride), n.ReLU(), *normalized(library, o, o))
            self.around = n.Sequential(*([] if c == o else [n.Conv2d(c, o, 1, stride, bias=False), n.BatchNorm2d(o)]))
            self.relu = n.ReLU()

        def forward(self, x: Any) -> Any:
            return self.relu(self.body(x) + self.around(x))

    layers = [*normalized(library, 3, 64), n.ReLU()]
    for c, o, stride in ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2)):
        layers += [Block(c, o, stride), Block(o, o, 1)]
    return n.Sequential(*layers, n.AdaptiveAvgPool2d(1), n.Flatten(), n.Linear(512, 10))


def inception(library: Library) -> Any:
    """GoogLeNet's block 3a for (N, 192, 28, 28), and a linear layer.  Source: Szegedy et al., 2015."""
    n = library.nn

    class Inception(n.Module):  # type: ignore[misc,name-defined]
        """Four ways side by side; their channels are concatenated."""

        def __init__(self) -> None:
            super().__init__()
            self.ways = n.ModuleList(
                [
                    n.Sequential(n.Conv2d(192, 64, 1), n.ReLU()),
                    n.Sequential(n.Conv2d(192, 96, 1), n.ReLU(), n.Conv2d(96, 128, 3, padding=1), n.ReLU()),
                    n.Sequential(n.Conv2d(192, 16, 1), n.ReLU(), n.Conv2d(16, 32, 5, padding=2), n.ReLU()),
                    n.Sequential(n.MaxPool2d(3, 1, 1), n.Conv2d(192, 32, 1), n.ReLU()),
                ]
            )

        def forward(self, x: Any) -> Any:
            return library.core.cat([way(x) for way in self.ways], 1)

    return n.Sequential(Inception(), n.AdaptiveAvgPool2d(1), n.Flatten(), n.Linear(256, 10))


def autoencoder(library: Library) -> Any:
    """Two convolutions with stride 2, and two transposed ones, for (N, 1, 28, 28)."""
    n = library.nn
    return n.Sequential(
        n.Conv2d(1, 16, 3, 2, 1), n.ReLU(), n.Conv2d(16, 32, 3, 2, 1), n.ReLU(),
        n.ConvTranspose2d(32, 16, 2, 2), n.ReLU(), n.ConvTranspose2d(16, 1, 2, 2), n.Sigmoid(),
    )  # fmt: skip


def lstm(library: Library) -> Any:
    """An LSTM that reads sequences (N, T, 28), row by row of a picture, and classifies by its last output."""
    n = library.nn

    class Reader(n.Module):  # type: ignore[misc,name-defined]
        """The recurrent layer, and a linear one."""

        def __init__(self) -> None:
            super().__init__()
            self.lstm = n.LSTM(28, 128, batch_first=True)
            self.head = n.Linear(128, 10)

        def forward(self, x: Any) -> Any:
            y, _ = self.lstm(x)
            return self.head(y[:, -1])

    return Reader()
