"""LeNet-5."""

from __future__ import annotations

from autograd_core import Tensor

from .. import expect
from ..layers import AvgPool2d, Conv2d, Flatten, Linear, Sequential, Tanh
from ..module import Module

__all__ = ["LeNet5"]


class LeNet5(Module):
    """LeNet-5 as lectures give it: two convolutions with average pooling, three linear layers, tanh throughout.

    Pictures (N, 1, 28, 28) are padded to 32x32; the result is (N, num_classes) logits.  61,706 parameters for 10 classes.
    Source: LeCun, Bottou, Bengio & Haffner, "Gradient-Based Learning Applied to Document Recognition", 1998; theirs has
    trained scales in its pooling, a sparse second convolution, and radial basis functions at the end.

    >>> import autograd_core as ag, nn
    >>> nn.models.LeNet5()(ag.zeros(2, 1, 28, 28)).shape
    (2, 10)
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.features = Sequential(
            Conv2d(1, 6, 5, padding=2),
            Tanh(),
            AvgPool2d(2),
            Conv2d(6, 16, 5),
            Tanh(),
            AvgPool2d(2),
        )
        self.classifier = Sequential(
            Flatten(), Linear(16 * 5 * 5, 120), Tanh(), Linear(120, 84), Tanh(), Linear(84, num_classes)
        )

    def forward(self, input: Tensor) -> Tensor:
        if input.shape[1:] != (1, 28, 28):
            raise expect.shape_error(self._get_name(), input, "(N, 1, 28, 28)", "resize to 28x28 and use one channel")
        return self.classifier(self.features(input))
