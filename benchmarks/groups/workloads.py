"""Seven small programs that cost much or little for different reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..case import Case, Group, Program, training
from ..libraries import Library, load

STEP = "step"
Arrays = Sequence[np.ndarray]


@dataclass(frozen=True)
class Functions:
    """What a loss is written with: each library and each other engine brings its own."""

    tanh: Callable[[Any], Any]
    relu: Callable[[Any], Any]
    sigmoid: Callable[[Any], Any]
    cross_entropy: Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Rule:
    """How parameters follow their gradients: "SGD" or "Adam", or "none"."""

    name: str
    lr: float = 0.0
    momentum: float = 0.0


@dataclass(frozen=True)
class Problem:
    """A loss of parameters, and the rule that lowers it; arrays are drawn anew at each call."""

    parameters: Callable[[], Arrays]
    data: Callable[[], tuple[np.ndarray, Any]]  # x, and y or None
    loss: Callable[[Functions, Any, Any, Any], Any]
    rule: Rule


# ------------------------------------------------------------------------------------------------------------ problems


@dataclass(frozen=True)
class Mlp:
    """Layers of these sizes, with an activation between them, and after the last one if *activated*."""

    sizes: tuple[int, ...]
    activation: str
    activated: bool
    mse: bool

    def parameters(self) -> Arrays:
        rng = np.random.default_rng(0)
        pairs = list(zip(self.sizes, self.sizes[1:]))
        weights = [rng.standard_normal((i, o)).astype(np.float32) / np.float32(np.sqrt(i)) for i, o in pairs]
        return [array for w in weights for array in (w, np.zeros(w.shape[1], np.float32))]

    def loss(self, f: Functions, parameters: Any, x: Any, y: Any) -> Any:
        last = len(parameters) - 2
        for i in range(0, len(parameters), 2):
            x = x @ parameters[i] + parameters[i + 1]
            if i < last or self.activated:
                x = getattr(f, self.activation)(x)
        return ((x - y) ** 2).mean() if self.mse else f.cross_entropy(x, y)


def bits() -> tuple[np.ndarray, np.ndarray]:
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    return x, np.array([[0], [1], [1], [0]], np.float32)


def classes(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.random((n, 784), np.float32), rng.integers(0, 10, n)


def itself(n: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(1).random((n, 784), np.float32)
    return x, x


def ten(scales: Sequence[float], offsets: Sequence[float]) -> Arrays:
    rng = np.random.default_rng(2)
    return [(b + a * rng.standard_normal(10)).astype(np.float32) for a, b in zip(scales, offsets)]


def chain_loss(f: Functions, parameters: Any, x: Any, y: Any) -> Any:
    """Return the sum of h after 250 times h = tanh(h a + b) - x: 1000 operations on 10 numbers."""
    a, b = parameters
    h = x
    for _ in range(250):
        h = f.tanh(h * a + b) - x
    return h.sum()


def gelu_loss(f: Functions, parameters: Any, x: Any, y: Any) -> Any:
    (x,) = parameters
    return (0.5 * x * (1 + f.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))).sum()


def rnn_parameters() -> Arrays:
    rng, bound = np.random.default_rng(3), 128**-0.5
    shapes: list[tuple[int, ...]] = [(64, 128), (128, 128), (128,), (128, 10), (10,)]
    return [rng.uniform(-bound, bound, shape).astype(np.float32) for shape in shapes]


def sequences() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    return rng.standard_normal((50, 32, 64)).astype(np.float32), rng.integers(0, 10, 32)  # (time, batch, features)


def rnn_loss(f: Functions, parameters: Any, x: Any, y: Any) -> Any:
    wx, wh, b, wo, bo = parameters
    h = f.tanh(x[0] @ wx + b)
    for t in range(1, len(x)):
        h = f.tanh(x[t] @ wx + h @ wh + b)
    return f.cross_entropy(h @ wo + bo, y)


# ------------------------------------------------------------------------------------------------------------ programs


def functional(problem: Problem, library: Library) -> Program:
    """Write the loss with tensors and operators."""
    core, functions = library.core, library.nn.functional
    f = Functions(core.tanh, core.relu, core.sigmoid, functions.cross_entropy)
    parameters = [library.tensor(array, requires_grad=True) for array in problem.parameters()]
    x, y = (None if array is None else library.tensor(array) for array in problem.data())
    optimizer = optimizer_of(library, problem.rule, parameters)
    return training(library, None, lambda: problem.loss(f, parameters, x, y), optimizer, parameters)


def layered(mlp: Mlp, problem: Problem, library: Library) -> Program:
    """Build the network from layers, as users do."""
    n = library.nn
    activation = {"tanh": n.Tanh, "relu": n.ReLU, "sigmoid": n.Sigmoid}[mlp.activation]
    layers = [layer for i, o in zip(mlp.sizes, mlp.sizes[1:]) for layer in (n.Linear(i, o), activation())]
    model = n.Sequential(*layers if mlp.activated else layers[:-1])
    load(library, model, [array.T for array in problem.parameters()])
    x, y = (library.tensor(array) for array in problem.data())
    criterion = n.MSELoss() if mlp.mse else n.CrossEntropyLoss()
    parameters = list(model.parameters())
    optimizer = optimizer_of(library, problem.rule, parameters)
    return training(library, model, lambda: criterion(model(x), y), optimizer, parameters)


class Fixed:
    """An optimizer that leaves the parameters where they are."""

    def __init__(self, parameters: Sequence[Any]) -> None:
        self.parameters = parameters

    def zero_grad(self) -> None:
        for p in self.parameters:
            p.grad = None

    def step(self) -> None:
        """Change nothing."""


def optimizer_of(library: Library, rule: Rule, parameters: Sequence[Any]) -> Any:
    if rule.name == "Adam":
        return library.optim.Adam(parameters, lr=rule.lr)
    if rule.name == "SGD":
        return library.optim.SGD(parameters, lr=rule.lr, momentum=rule.momentum)
    return Fixed(parameters)


AIM = {1: 2.0, 2: 1.3}


def mlp_case(name: str, mlp: Mlp, data: Callable[[], tuple[np.ndarray, Any]], rule: Rule) -> Case:
    problem = Problem(mlp.parameters, data, mlp.loss, rule)
    return Case(name, STEP, partial(layered, mlp, problem), AIM, tolerance=1e-3, problem=problem)


def case(name: str, problem: Problem, targets: dict[int, float]) -> Case:
    return Case(name, STEP, partial(functional, problem), targets, tolerance=1e-3, problem=problem)


XOR = Mlp((2, 8, 1), "tanh", activated=True, mse=True)
SMALL = Mlp((784, 128, 10), "relu", activated=False, mse=False)
LARGE = Mlp((784, 512, 512, 10), "relu", activated=False, mse=False)
AUTOENCODER = Mlp((784, 256, 64, 256, 784), "sigmoid", activated=True, mse=True)

CHAIN = Problem(
    lambda: ten((0.1, 0.1), (1.0, 0.0)), lambda: (ten((1.0,), (0.0,))[0], None), chain_loss, Rule("SGD", 1e-3)
)
GELU = Problem(
    lambda: [np.random.default_rng(5).standard_normal(1 << 22).astype(np.float32)],
    lambda: (np.zeros(1, np.float32), None),
    gelu_loss,
    Rule("none"),
)
RNN = Problem(rnn_parameters, sequences, rnn_loss, Rule("Adam", 1e-3))

GROUP = Group(
    "workloads",
    "Seven workloads, a training step each",
    [
        mlp_case("XOR 2-8-1", XOR, bits, Rule("SGD", 0.1)),
        mlp_case("MLP 784-128-10, batch 64", SMALL, partial(classes, 64), Rule("SGD", 0.01, 0.9)),
        mlp_case("MLP 784-512-512-10, batch 128", LARGE, partial(classes, 128), Rule("Adam", 1e-3)),
        mlp_case("autoencoder 784-256-64, batch 128", AUTOENCODER, partial(itself, 128), Rule("Adam", 1e-3)),
        case("chain of 1000 operations", CHAIN, AIM),
        case("10 operations on 4M numbers", GELU, {1: 1.5, 2: 1.3}),
        case("RNN of 50 cells, batch 32", RNN, AIM),
    ],
)
