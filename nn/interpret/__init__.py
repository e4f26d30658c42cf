"""What a network sees: its layers, what its scores depend on, what excites it, what fools it, and what it dreams.

Every function takes a model as it is and leaves it so: parameters and their gradients, buffers, modes and hooks.

>>> import autograd_core as ag, nn
>>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
>>> nn.interpret.saliency(model, ag.ones(2, 4)).shape
(2, 4)
"""

from .activation_report import ActivationReport, ActivationRow, activation_report
from .adversarial import adversarial_batches, bim, fgsm, lbfgs_attack, pgd, robust_accuracy
from .ascent import ascend, gaussian_blur, optimal_input, total_variation
from .dream import deep_dream
from .embedding import PCA, pca, tsne
from .grad_cam import grad_cam
from .gradients import input_times_gradient, integrated_gradients, saliency, smooth_grad
from .layers import activations, filters
from .maximal import TopInputs, top_inputs
from .monte_carlo import MonteCarlo, mc_dropout
from .neighbors import Neighbors, nearest_neighbors
from .occlusion import occlusion
from .probes import Probe, linear_probes
from .receptive import ReceptiveField, ReceptiveFields, receptive_fields
from .rectifiers import deconvnet, guided_backprop
from .style import gram_matrix, style_transfer

__all__ = [
    "PCA",
    "ActivationReport",
    "ActivationRow",
    "MonteCarlo",
    "Neighbors",
    "Probe",
    "ReceptiveField",
    "ReceptiveFields",
    "TopInputs",
    "activation_report",
    "activations",
    "adversarial_batches",
    "ascend",
    "bim",
    "deconvnet",
    "deep_dream",
    "fgsm",
    "filters",
    "gaussian_blur",
    "grad_cam",
    "gram_matrix",
    "guided_backprop",
    "input_times_gradient",
    "integrated_gradients",
    "lbfgs_attack",
    "linear_probes",
    "mc_dropout",
    "nearest_neighbors",
    "occlusion",
    "optimal_input",
    "pca",
    "pgd",
    "receptive_fields",
    "robust_accuracy",
    "saliency",
    "smooth_grad",
    "style_transfer",
    "top_inputs",
    "total_variation",
    "tsne",
]
