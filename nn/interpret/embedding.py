"""Pictures of feature spaces: many dims drawn as two."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .scores import check_input, check_number

__all__ = ["PCA", "pca", "tsne"]


class PCA(NamedTuple):
    """Principal components: *codes* (N, k), *components* (k, n), the *mean* (n,), and the *share* (k,) of the variance.

    >>> fit = pca(ag.randn(50, 4), 2)
    >>> near = fit.codes @ fit.components + fit.mean  # the best plane's picture of each example
    >>> near.shape
    (50, 4)
    """

    codes: Tensor
    components: Tensor
    mean: Tensor
    share: Tensor


def pca(input: Tensor, components: int = 2) -> PCA:
    r"""Return the *components* directions of largest variance of the rows of *input* (N, ...), and their shares of it.

    By the singular values of the centred rows, :math:`X - \bar X = U S V^T`: the components are the first rows of
    :math:`V^T`, with the sign by which their largest entry is positive, and the codes :math:`(X - \bar X) V`.  Source:
    Pearson, "On Lines and Planes of Closest Fit to Systems of Points in Space", 1901.

    >>> fit = pca(ag.tensor([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]), 1)
    >>> fit.components, fit.share
    (tensor([[0.4472, 0.8944]]), tensor([1.]))
    """
    check_input("pca", input)
    x = input.detach().flatten(1)
    most = min(x.shape)
    if not isinstance(components, int) or not 1 <= components <= most:
        raise ag.errors.ArgumentError(
            f"pca: components={components!r}, expected 1 to {most} for {x.shape[0]} rows of {x.shape[1]}"
        )
    mean = x.mean(0)
    u, s, rows = np.linalg.svd((x - mean).array, full_matrices=False)
    signs = np.sign(np.take_along_axis(rows, np.abs(rows).argmax(1)[:, None], 1))[:components]
    variance = s * s
    return PCA(
        ag.from_numpy(u[:, :components] * s[:components] * signs.T),
        ag.from_numpy(rows[:components] * signs),
        mean,
        ag.from_numpy(variance[:components] / max(float(variance.sum()), 1e-30)),
    )


def tsne(input: Tensor, *, perplexity: float = 30.0, seed: int = 0, **options: Any) -> Tensor:
    """Return points (N, 2) of which near ones are near in *input* (N, ...) too: t-SNE, by scikit-learn.

    Distances between groups mean little.  *perplexity*, below N, is about how many neighbours count; *options* go to
    ``sklearn.manifold.TSNE``.  Needs scikit-learn: ``pip install scikit-learn``.  Source: van der Maaten & Hinton,
    "Visualizing Data using t-SNE", 2008.

    >>> tsne(ag.randn(20, 5), perplexity=5).shape
    (20, 2)
    """
    check_input("tsne", input)
    check_number("tsne", "perplexity", perplexity, above=0)
    if perplexity >= len(input):
        raise expect.shape_error("tsne", input, f"more examples than perplexity={perplexity}", "give more, or lower it")
    try:
        from sklearn.manifold import TSNE
    except ImportError as error:
        raise ImportError("tsne needs scikit-learn; install it: pip install scikit-learn") from error
    x = input.detach().flatten(1).numpy()
    found = TSNE(2, perplexity=perplexity, random_state=seed, init="pca", **options).fit_transform(x)
    return ag.from_numpy(found.astype(input.dtype))
