"""Convolution, pooling, and other ways to look through windows and at places."""

from __future__ import annotations

__all__ = ["TOLD"]

_X = "convolve_transposed({}, w, geometry=geometry, shape=x.shape)"
_W = "correlate(x, {}, geometry=geometry, shape=w.shape)"
_ONLY_POSITIVE = "H = where(out > 0, G, 0)\n"
_BACK = "Each element of G is spread by the window that made it, back over the places that the window saw."
_MATCH = "Each weight gets what it saw, times what came of it, over all places and samples."
_LARGEST = "All of the gradient goes to the place of the largest element."
_SHARED = "Each element of G is shared evenly by the window that it is the mean of."

TOLD: dict[str, dict[str, tuple[str | None, str]]] = {
    "conv": {"x": (_X.format("G"), _BACK), "w": (_W.format("G"), _MATCH)},
    "conv_bias": {
        "x": (_X.format("G"), _BACK),
        "w": (_W.format("G"), _MATCH),
        "b": ("channel_sum(G)", "A bias is added at all places of all samples, so all of them count."),
    },
    "conv_relu": {
        "x": (_ONLY_POSITIVE + _X.format("H"), "First the gradient of relu, then that of the convolution."),
        "w": (_ONLY_POSITIVE + _W.format("H"), "First the gradient of relu, then that of the convolution."),
        "b": (_ONLY_POSITIVE + "channel_sum(H)", "First the gradient of relu, then that of the bias."),
    },
    "conv_input": {
        "y": ("convolve(G, w, geometry=geometry)", "The transpose of a transpose: the convolution itself."),
        "w": ("correlate(G, y, geometry=geometry, shape=w.shape)", ""),
    },
    "conv_weight": {
        "y": ("convolve(x, G, geometry=geometry)", ""),
        "x": ("convolve_transposed(y, G, geometry=geometry, shape=x.shape)", ""),
    },
    "avg_pool": {"x": ("avg_pool_transposed(G)", _SHARED)},
    "avg_pool_input": {"y": ("avg_pool(G)", "The transpose of a transpose: means of windows.")},
    "adaptive_avg_pool": {"x": ("avg_pool_transposed(G)", _SHARED)},
    "adaptive_avg_pool_input": {"y": ("avg_pool(G)", "The transpose of a transpose: means of regions.")},
    "max_pool": {"x": ("put_back(G, positions, windows=windows, shape=x.shape)", _LARGEST)},
    "max_pool_scatter": {"y": ("take_from(G, positions, windows=windows)", "")},
    "max_pool_gather": {"x": ("put_back(G, positions, windows=windows, shape=x.shape)", "")},
    "adaptive_max_pool": {"x": ("put_back(G, indices, shape=x.shape)", _LARGEST)},
    "fractional_max_pool": {"x": ("put_back(G, indices, shape=x.shape)", _LARGEST)},
    "im2col": {"x": ("col2im(G)", "Elements that several windows saw get the sum of their gradients.")},
    "col2im": {"columns": ("im2col(G)", "Each window gets what it was added to.")},
    "sample": {
        "x": (
            "sample_transposed(G, w, index, size=x.shape[2])",
            "Each place gets the gradients of all that looked at it.",
        ),
        "w": ("sample_products(G, x, index)", "The gradient times what was looked at."),
    },
    "sample_input": {
        "y": ("sample(G, w, index)", ""),
        "w": ("sample_products(y, G, index)", ""),
    },
    "sample_weight": {
        "y": ("sample(x, G, index)", ""),
        "x": ("sample_transposed(y, G, index, size=x.shape[2])", ""),
    },
    "resample": {
        "x": ("resample_transposed(G)", "Each sample gets back what it was mixed into, with the same weights.")
    },
    "resample_input": {"y": ("resample(G)", "The transpose of a transpose: the resampling itself.")},
}
