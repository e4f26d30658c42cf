"""``ag.func``: functions of functions, in closed form, nested, over trees, and beside PyTorch."""

from __future__ import annotations

import gc
import weakref
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
from autograd_core import func
from autograd_core.errors import ArgumentError, DtypeError, ShapeError
from autograd_core.func import tree

both = pytest.mark.parametrize("dtype", ["float32", "float64"])
Pair = namedtuple("Pair", "a b")

RNG = np.random.default_rng(0)
W, X, V = RNG.normal(size=(3, 4)), RNG.normal(size=4), RNG.normal(size=(5, 4))


def close(found: Any, wanted: Any, rtol: float = 1e-9) -> None:
    """Tensors in tuples, lists and dicts, and what they should be: in the same, or in lists."""
    if isinstance(found, ag.Tensor):
        assert found.shape == np.shape(wanted)
        np.testing.assert_allclose(found.detach().numpy(), np.asarray(wanted), rtol=rtol, atol=1e-11)
        return
    ours, theirs = (list(part.values()) if isinstance(part, dict) else part for part in (found, wanted))
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs):
        close(one, other, rtol)


def t64(a: Any, **options: Any) -> ag.Tensor:
    return ag.tensor(a, dtype=ag.float64, **options)


# ----------------------------------------------------------------------------------------------------- in closed form


@both
def test_grad_in_closed_form(dtype: str) -> None:
    x = ag.tensor([1.0, 2.0, 3.0], dtype=dtype)
    g = func.grad(lambda x: (x**3).sum())(x)
    assert g.dtype == x.dtype
    assert not g.requires_grad
    assert x.grad is None
    assert not x.requires_grad
    close(g, [3, 12, 27])
    g, value = func.grad_and_value(lambda x: (x**3).sum())(x)
    close((g, value), ([3, 12, 27], 36))
    g, (value, aux) = func.grad_and_value(lambda x: ((x**2).sum(), {"x": x, "n": 3}), has_aux=True)(x)
    close((g, value, aux["x"]), ([2, 4, 6], 14, [1, 2, 3]))
    assert aux["n"] == 3
    assert not aux["x"].requires_grad
    assert not value.requires_grad
    g, aux = func.grad(lambda x: ((x**2).sum(), x * 2), has_aux=True)(x)
    close((g, aux), ([2, 4, 6], [2, 4, 6]))


def test_arguments_by_place_and_as_trees() -> None:
    def f(a: Any, b: Any, *, scale: float = 1.0) -> Any:
        return (a["w"] * b[0] + b[1].a).sum() * scale

    a, b = {"w": t64([1.0, 2.0])}, [t64([3.0, 4.0]), Pair(t64(5.0), t64(6.0))]
    close(func.grad(f)(a, b, scale=2.0), {"w": [6, 8]})
    ga, gb = func.grad(f, argnums=(0, -1))(a, b)
    assert type(gb) is list
    assert type(gb[1]) is Pair
    assert type(ga) is dict
    close((ga, gb), ([[3, 4]], [[1, 2], [2, 0]]))
    close(func.grad(f, argnums=(1,))(a, b), [[[1, 2], [2, 0]]])


def test_products_in_closed_form() -> None:
    f = lambda x, y: {"sum": x + y, "product": (x * y).sum()}
    x, y, one = t64([1.0, 2.0]), t64([3.0, 4.0]), t64(1.0)
    result, pullback = func.vjp(f, x, y)
    close(result, [[4, 6], 11])
    for _ in range(2):  # the graph stays
        close(pullback({"sum": t64([1.0, 0.0]), "product": one}), ([4, 4], [2, 2]))
    result, pushed = func.jvp(f, (x, y), (t64([1.0, 0.0]), t64([0.0, 1.0])))
    close((result, pushed), ([[4, 6], 11], [[1, 1], 5]))
    assert not any(t.requires_grad for t in tree.leaves((result, pushed, pullback({"sum": x, "product": one}))))
    result, push = func.linearize(f, x, y)
    close((result, push(x, y), push(y, x)), ([[4, 6], 11], [[4, 6], 22], [[4, 6], 30]))
    result, pullback, aux = func.vjp(lambda x: (x * x, x), x, has_aux=True)
    close((result, pullback(x), aux), ([1, 4], [[2, 8]], [1, 2]))
    result, pushed, aux = func.jvp(lambda x: (x * x, x), (x,), (y,), has_aux=True)
    close((result, pushed, aux), ([1, 4], [6, 16], [1, 2]))


@pytest.mark.parametrize("jacobian", [func.jacrev, func.jacfwd])
def test_jacobians_in_closed_form(jacobian: Callable[..., Any]) -> None:
    x, y = t64([1.0, 2.0]), t64(3.0)
    close(jacobian(lambda x: x**2)(x), [[2, 0], [0, 4]])
    blocks = jacobian(lambda x, y: {"a": x * y, "b": y**2}, argnums=(0, 1))(x, y)
    assert type(blocks) is dict
    assert type(blocks["a"]) is tuple
    close(blocks, [[[[3, 0], [0, 3]], [1, 2]], [[0, 0], 6]])
    close(jacobian(lambda d: d["x"] * d["y"])({"x": x, "y": y}), [[[3, 0], [0, 3]], [1, 2]])
    block, aux = jacobian(lambda x: (x**2, x.sum()), has_aux=True)(x)
    close((block, aux), ([[2, 0], [0, 4]], 3))
    assert jacobian(lambda x: x.reshape(0, 1))(t64([])).shape == (0, 1, 0)
    assert jacobian(lambda x: ag.ones(2))(x.float()).dtype == ag.float32
    close(jacobian(lambda x: t64([1.0]))(x), [[0, 0]])


def test_hessians_in_closed_form() -> None:
    x, y = t64([1.0, 2.0]), t64(3.0)
    close(func.hessian(lambda x: (x**3).sum())(x), [[6, 0], [0, 12]])
    blocks = func.hessian(lambda x, y: (x * x * y).sum(), argnums=(0, 1))(x, y)
    close(blocks, (([[6, 0], [0, 6]], [2, 4]), ([2, 4], 0)))


# -------------------------------------------------------------------------------------------------- nested, and around


def test_nested_in_every_order() -> None:
    x = t64([0.5, -1.5])
    third = [[[6, 0], [0, 0]], [[0, 0], [0, 6]]]
    cube = lambda x: x**3
    for inner in (func.jacrev, func.jacfwd):
        for outer in (func.jacrev, func.jacfwd):
            close(outer(inner(cube))(x), np.array(third) * x.numpy()[:, None, None])
    close(func.grad(func.grad(func.grad(lambda x: x**5)))(t64(2.0)), 240)
    close(func.vmap(func.grad(func.grad(cube)))(x), 6 * x.numpy())
    close(func.grad(lambda x: func.vmap(cube)(x).sum())(x), 3 * x.numpy() ** 2)
    close(func.vmap(func.vmap(lambda a, b: a * b, (None, 0)), (0, None))(x, x), np.outer(x.numpy(), x.numpy()))
    close(func.jvp(func.grad(lambda x: (x**3).sum()), (x,), (x,))[1], 6 * x.numpy() ** 2)
    close(func.vmap(lambda a, b: func.jvp(cube, (a,), (b,))[1])(x, x), 3 * x.numpy() ** 3)


def test_a_derivative_is_not_taken_for_that_around_it() -> None:
    close(func.grad(lambda x: x * func.grad(lambda y: x * y)(t64(1.0)))(t64(3.0)), 6)
    close(func.grad(lambda x: x * func.jvp(lambda y: x + y, (t64(1.0),), (t64(1.0),))[1])(t64(3.0)), 1)
    close(func.grad(lambda x: func.vjp(lambda y: y * x, x)[1](x)[0])(t64(3.0)), 6)


def test_together_with_backward() -> None:
    x, p = t64(3.0, requires_grad=True), t64(2.0, requires_grad=True)
    g = func.grad(lambda x: x**3 * p)(x)
    assert g.requires_grad
    g.backward()
    close((x.grad, p.grad), (36, 27))
    free = func.grad(lambda x: x**3 + p)(t64(3.0))  # does not depend on p
    assert not free.requires_grad
    value = func.grad_and_value(lambda x: x**3 + p)(t64(3.0))[1]
    assert value.requires_grad
    with ag.no_grad():
        g = func.grad(lambda x: x**3 * p)(x)
        assert not g.requires_grad
        assert not ag.is_grad_enabled()
    close(g, 54)
    close(func.grad(lambda x: x**2 + ag.no_grad()(lambda: x**3)())(t64(3.0)), 6)


def test_gradients_of_derivatives() -> None:
    xs = [t64(a, requires_grad=True) for a in (W, X)]
    f = lambda w, x: (w @ x).tanh()
    assert ag.gradcheck(func.jacrev(f), xs)
    assert ag.gradcheck(func.jacfwd(f, 1), xs)
    assert ag.gradcheck(lambda w, x: func.jvp(f, (w, x), (w, x))[1], xs)
    assert ag.gradgradcheck(lambda w, x: func.vjp(f, w, x)[1](w[:, 0])[1], xs)
    assert ag.gradcheck(lambda w, x: func.linearize(f, w, x)[1](w, x), xs)
    assert ag.gradgradcheck(lambda w, x: func.vmap(lambda row: (row * x).sin().sum())(w), xs)


def test_nothing_stays_behind() -> None:
    gc.disable()
    try:
        kept: list[Any] = []

        def f(x: ag.Tensor) -> ag.Tensor:
            y = x.exp()
            kept.extend(weakref.ref(n) for n in [y.node] if n is not None)
            return y.sum()

        x = t64(X)
        func.grad(f)(x), func.hessian(f)(x), func.jvp(f, (x,), (x,)), func.vmap(f)(t64(V))
        assert kept
        assert all(r() is None for r in kept)
    finally:
        gc.enable()


# --------------------------------------------------------------------------------------------------------------- vmap


def test_vmap_over_dims_and_trees() -> None:
    v, w = t64(V), t64(W)
    close(func.vmap(ag.dot, (0, None))(v, t64(X)), V @ X)
    close(func.vmap(lambda a, b: a + b, in_dims=(1, 0), out_dims=1)(v, v.T), 2 * V)
    close(func.vmap(lambda a: a.sum(), in_dims=-1)(w), W.sum(0))
    close(func.vmap(lambda a, k, *, s: a * k * s, in_dims=(0, None))(v, 2, s=3), 6 * V)
    out = func.vmap(lambda d, p: {"x": d["x"] * p.a, "y": (p.b,)}, ({"x": 1}, 0), {"x": -1, "y": 0})(
        {"x": w}, Pair(t64(X), t64(X))
    )
    close(out, [W * X, [X]])
    out = func.vmap(lambda a: (a, a.sum()), out_dims=(1, 0))(v)
    close(out, (V.T, V.sum(1)))
    close(func.vmap(lambda a, b: (a, b), (0, None), (0, None))(v, w), (V, W))
    close(ag.vmap(lambda a: a if a.sum() > 0 else -a)(v), V * np.sign(V.sum(1, keepdims=True)))  # may branch
    close(func.vmap(lambda a: a * 2, chunk_size=2)(v), 2 * V)
    assert func.vmap(lambda i: i + 1)(ag.arange(3)).dtype == ag.int64


def test_vmap_over_nothing() -> None:
    out = func.vmap(lambda a: (a, (a[None] + a[:, None])), in_dims=1, out_dims=(0, -1))(ag.zeros(3, 0))
    assert [t.shape for t in out] == [(0, 3), (3, 3, 0)]
    assert out[0].dtype == ag.float32


def test_the_backward_of_vmap_is_linear() -> None:
    x = t64(V, requires_grad=True)
    func.vmap(lambda a: (a**2).sum(), in_dims=1)(x).sum().backward()
    close(x.grad, 2 * V)


def test_randomness_in_vmap() -> None:
    x = ag.zeros(4)
    f = lambda a: a + ag.rand(2)
    with pytest.raises(ArgumentError, match='vmap: func drew random numbers: say randomness="different", or "same"'):
        func.vmap(f)(x)
    same, different = func.vmap(f, randomness="same")(x), func.vmap(f, randomness="different")(x)
    assert len(np.unique(same.numpy(), axis=0)) == 1
    assert len(np.unique(different.numpy(), axis=0)) == 4
    before = ag.random.get_rng_state()
    func.vmap(f, randomness="error")(ag.zeros(0))
    assert ag.random.get_rng_state() == before


# ------------------------------------------------------------------------------------------------------------ modules


def test_an_ensemble_of_modules() -> None:
    models = [nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Tanh()).eval().double() for _ in range(3)]
    params, buffers = func.stack_module_state(models)
    assert params["0.weight"].shape == (3, 3, 4)
    assert params["0.weight"].is_leaf
    assert params["0.weight"].requires_grad
    assert buffers["1.running_mean"].shape == (3, 3)
    assert not buffers["1.running_mean"].requires_grad
    call = lambda p, b, x: func.functional_call(models[0], (p, b), x)
    out = func.vmap(call, in_dims=(0, 0, None))(params, buffers, t64(V))
    close(out, np.stack([m(t64(V)).detach().numpy() for m in models]))
    out.sum().backward()
    models[1](t64(V)).sum().backward()
    close(params["0.weight"].grad[1], models[1][0].weight.grad.numpy())


def test_per_sample_gradients_of_a_module() -> None:
    layer = nn.Linear(4, 1, bias=False).double()
    params = dict(layer.named_parameters())
    loss = lambda p, x: func.functional_call(layer, p, (x,)).square().sum()
    g = func.vmap(func.grad(loss), in_dims=(None, 0))(params, t64(V))["weight"]
    w = layer.weight.detach().numpy()
    close(g, (2 * V @ w.T)[:, :, None] * V[:, None, :])


def test_bad_models_to_stack() -> None:
    with pytest.raises(ArgumentError, match="models is empty"):
        func.stack_module_state([])
    with pytest.raises(ArgumentError, match="classes Linear, ReLU: expected one class"):
        func.stack_module_state([nn.ReLU(), nn.Linear(1, 1)])
    with pytest.raises(ArgumentError, match="only some models are in training mode: call train"):
        func.stack_module_state([nn.Linear(1, 1).eval(), nn.Linear(1, 1)])
    with pytest.raises(ArgumentError, match="weight requires gradients in some models only"):
        func.stack_module_state([nn.Linear(1, 1).requires_grad_(False), nn.Linear(1, 1)])


# ---------------------------------------------------------------------------------------------------------- bad input


BAD: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: func.grad(lambda x: x)(ag.ones(2)),
        ShapeError,
        r"func returned a tensor of shape \(2,\): expected .* shape \(\)",
    ),
    (lambda: func.grad(lambda x: 1.0)(ag.ones(2)), ShapeError, "func returned a float"),
    (
        lambda: func.grad(lambda x: x)(ag.tensor(1)),
        DtypeError,
        "grad: argument 0 is int64: only floating .* use .float",
    ),
    (lambda: func.grad(lambda x: x)(2.0), ArgumentError, "grad: argument 0 has a leaf of type float: expected Tensors"),
    (lambda: func.grad(lambda x: x, 1)(ag.ones(())), ArgumentError, "argnums=1 names argument 1, but 1 positional"),
    (lambda: func.grad(lambda x: x, ())(ag.ones(())), ArgumentError, "argnums is empty"),
    (lambda: func.grad(lambda x: x, (0, -1))(ag.ones(())), ArgumentError, "names an argument twice"),
    (lambda: func.grad(lambda x: x, has_aux=True)(ag.ones(())), ArgumentError, r"must return \(result, aux\)"),
    (lambda: func.jvp(ag.sin, ag.ones(2), ag.ones(2)), ArgumentError, "primals is a Tensor: expected a tuple"),
    (lambda: func.jvp(ag.sin, (ag.ones(2),), (ag.ones(3),)), ShapeError, "tangents have shapes .* expected"),
    (
        lambda: func.jvp(ag.sin, (ag.ones(2),), (t64([1, 1]),)),
        DtypeError,
        "tangents are .*float64.* expected .*float32",
    ),
    (
        lambda: func.jvp(lambda x: ag.ones(1), (ag.ones(2),), (ag.ones(2),), strict=True),
        ArgumentError,
        "does not depend",
    ),
    (lambda: func.vjp(ag.sin, ag.ones(2))[1](ag.ones(3)), ShapeError, "cotangents have shapes"),
    (lambda: func.vjp(lambda x: 1, ag.ones(2)), ArgumentError, "vjp: the result of func has a leaf of type int"),
    (lambda: func.jacrev(ag.sin, chunk_size=0), ArgumentError, "jacrev: chunk_size=0"),
    (lambda: func.vmap(ag.sin, chunk_size=-1), ArgumentError, "vmap: chunk_size=-1"),
    (
        lambda: func.vmap(ag.sin, randomness="no"),
        ArgumentError,
        "randomness='no': expected one of error, different, same",
    ),
    (
        lambda: func.vmap(ag.sin)(ag.tensor(1.0)),
        ArgumentError,
        r"in_dims=0 asks for dim 0 of input 0, whose shape is \(\)",
    ),
    (lambda: func.vmap(ag.sin)(1.0), ArgumentError, "maps input 0, a float: only Tensors have examples"),
    (lambda: func.vmap(ag.sin, None)(ag.ones(1)), ArgumentError, "maps no input"),
    (lambda: func.vmap(ag.add)(ag.ones(2), ag.ones(3)), ShapeError, "input 0 has 2, input 1 has 3"),
    (
        lambda: func.vmap(ag.add, (0,))(ag.ones(2), ag.ones(2)),
        ArgumentError,
        r"in_dims=\(0,\) does not fit .* a tuple of 2",
    ),
    (lambda: func.vmap(lambda x: 1)(ag.ones(2)), ArgumentError, "vmap: the result of func has a leaf of type int"),
    (lambda: func.vmap(ag.sin, out_dims=2)(ag.ones(2, 2)), ArgumentError, "out_dims=2 puts the examples at dim 2"),
    (
        lambda: func.vmap(lambda i: ag.ones(int(i)))(ag.arange(2)),
        ShapeError,
        "returned shapes .* for different examples",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD, ids=range(len(BAD)))
def test_bad_arguments(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_trees() -> None:
    example = OrderedDict(a=[1, (2, Pair(3, None))], b={})
    assert tree.leaves(example) == [1, 2, 3, None]
    again = tree.like(example, "wxyz")
    assert again == OrderedDict(a=["w", ("x", Pair("y", "z"))], b={})
    assert type(again) is OrderedDict


# ------------------------------------------------------------------------------------------------------ beside PyTorch


def model(lib: Any) -> Callable[..., Any]:
    return lambda w, x: lib.log_softmax(lib.tanh(w @ x) * x[:3] + lib.where(x[:3] > 0, w[:, 0], x[:3] ** 2), 0)


CALLS: dict[str, Callable[[Any, Any, Any, Any, Any], Any]] = {
    "grad": lambda F, f, w, x, v: F.grad(lambda *a: f(*a)[0], (0, 1))(w, x),
    "grad_and_value": lambda F, f, w, x, v: F.grad_and_value(lambda *a: (f(*a)[0], a), 1, has_aux=True)(w, x),
    "vjp": lambda F, f, w, x, v: F.vjp(f, w, x)[1](w[:, 1]),
    "jvp": lambda F, f, w, x, v: F.jvp(f, (w, x), (w, x)),
    "linearize": lambda F, f, w, x, v: F.linearize(f, w, x)[1](w, x),
    "jacrev": lambda F, f, w, x, v: F.jacrev(f, (0, 1))(w, x),
    "jacfwd": lambda F, f, w, x, v: F.jacfwd(f, (1, 0))(w, x),
    "hessian": lambda F, f, w, x, v: F.hessian(lambda *a: f(*a)[0], (0, 1))(w, x),
    "vmap": lambda F, f, w, x, v: F.vmap(f, (None, 0), 1)(w, v),
    "vmap of grad": lambda F, f, w, x, v: F.vmap(F.grad(lambda *a: f(*a)[0], 1), (None, 0))(w, v),
    "vmap of vjp": lambda F, f, w, x, v: F.vmap(lambda a: F.vjp(f, w, a)[1](w[:, 0]))(v),
    "jacrev of vmap": lambda F, f, w, x, v: F.jacrev(lambda a: F.vmap(f, (None, 0))(w, a))(v),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CALLS)
def test_beside_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch")
    ours = CALLS[name](func, model(ag), *(t64(a) for a in (W, X, V)))
    theirs = CALLS[name](torch.func, model(torch), *(torch.tensor(a) for a in (W, X, V)))
    close(ours, theirs)
