"""Primitives: array functions that other interpreters may claim.

Reading order: a *declaration* (``Primitive``), a *function written from it* (``Source``), and *ranks* (who may claim a call).

A primitive is declared once, its formulas beside its forward::

    @primitive
    def mul(x, y):
        return x * y

    mul.vjp(x=lambda g, y: g * y, y=lambda g, x: g * x)

Positional parameters are operands, keyword-only ones are static.  The parameter names of a formula say what it reads:
``g`` (the gradient of the result), operands, ``out``, auxiliaries, static parameters, and ``<operand>_shape`` of its own
operand (which keeps nothing alive).  They are all that a graph keeps alive.  A primitive of any number of operands, ``*xs``,
has one formula for the ``i``-th of them, which may read ``i``, ``xs`` and ``xs_shapes``.

``mul`` is then an ordinary Python function whose body is written for it, and compiled, at its first call.  What is inlined
for a traced type such as Tensor is text that the type supplies (``trace``), so nothing here knows any of them.
``print(mul.source)`` shows the body, and tracebacks and debuggers step through it.
"""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import textwrap
from collections.abc import Callable, Iterable
from types import CodeType, FunctionType
from typing import Any, Protocol, TypeAlias, overload

__all__ = ["PRIMITIVES", "Array", "Primitive", "claimant", "dispatch", "primitive", "trace"]

Array: TypeAlias = Any  # an ndarray, a Tensor or a tracer: a primitive takes them all

PRIMITIVES: dict[str, Primitive] = {}
SPACE: dict[str, Any] = {"__name__": __name__, "__builtins__": __builtins__}  # the globals of every written function

# Names of local variables in written functions: no operand may have one of them.
LOCALS = frozenset(
    {"agree", "code", "d", "error", "frame", "fused", "g", "here", "n", "node", "out", "so_far", "t", "tensors"}
)


# ---------------------------------------------------------------------------------------------------------- declaration


class Rule:
    """One formula ``(g, *names) -> gradient`` and the names it reads."""

    __slots__ = ("formula", "reads")

    def __init__(self, formula: Callable[..., Any]) -> None:
        self.formula = formula
        self.reads = _parameters(formula)[1:]


def _parameters(formula: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of the parameters of a function; ``inspect`` takes ten times as long."""
    code = formula.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


class Primitive:
    """The declaration of one array function: its operands, its static parameters, a rule or None for each operand."""

    __slots__ = (
        "auxiliary", "call", "floating", "forward", "fused", "keeps", "live", "name", "operands", "params", "pull",
        "pull_source", "recomputed", "rules", "saved", "source", "variadic", "view",
    )  # fmt: skip

    rules: dict[str, Rule | None]
    live: tuple[str, ...]  # the operands that have a formula
    saved: tuple[
        str, ...
    ]  # what a node keeps, in order: operands, ``out`` and auxiliaries that a formula reads; parameters
    keeps: bool  # whether any of that is an array

    def __init__(
        self, forward: Callable[..., Any], name: str | None, floating: bool, view: bool, aux: tuple[str, ...]
    ) -> None:
        self.forward, self.name = forward, name or forward.__name__
        self.floating, self.view, self.auxiliary = floating, view, aux
        signature = inspect.signature(forward)
        kinds = signature.parameters.values()
        self.variadic = any(p.kind is p.VAR_POSITIONAL for p in kinds)
        self.operands = tuple(p.name for p in kinds if p.kind in (p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL))
        self.params = tuple(p.name for p in kinds if p.kind is p.KEYWORD_ONLY)
        taken = {self.name} & set(SPACE) or LOCALS & {*self.operands, *self.params, *aux}
        if taken:
            raise ValueError(f"primitive {self.name}: the name {min(taken)!r} is taken; choose another")
        if self.variadic and (len(self.operands) > 1 or aux or view):
            raise ValueError(
                f"primitive {self.name}: *{self.operands[-1]} must be its only operand, without aux or view"
            )
        self.recomputed: dict[str, Rule] = {}
        self.fused: Rule | None = None
        self.source = Source(self.name, signature, lambda: _call_text(self))
        self.pull_source = Source(f"{self.name}_pull", _PULL, lambda: _pull_text(self))
        self.call, self.pull = self.source.function, self.pull_source.function
        PRIMITIVES[self.name] = self
        SPACE[f"{self.name}_primitive"], SPACE[f"{self.name}_forward"] = self, forward

    def vjp(self, **formulas: Callable[..., Any] | None) -> None:
        """State a formula for each operand by name, or None aloud where it has none."""
        if set(formulas) != set(self.operands):
            raise TypeError(
                f"{self.name}.vjp needs a formula, or None, for each of {self.operands}; got {tuple(formulas)}"
            )
        rules = {o: None if (formula := formulas[o]) is None else Rule(formula) for o in self.operands}
        for o, rule in rules.items():
            known = {"out", *self.operands, *self.params, *self.auxiliary}
            known |= {"i", f"{o}_shapes"} if self.variadic else {f"{o}_shape"}
            if rule and (unknown := set(rule.reads) - known):
                raise TypeError(
                    f"the formula of {self.name} for {o} reads {sorted(unknown)}; it may read {sorted(known)}"
                )
        self.rules = rules
        SPACE.update({f"{self.name}_{o}_formula": rule and rule.formula for o, rule in rules.items()})
        self.live = tuple(o for o in self.operands if self.rules[o])
        reads = {name for rule in self.rules.values() if rule for name in rule.reads}
        reads |= {name for rule in self.recomputed.values() for name in rule.reads}
        arrays = tuple(n for n in (*self.operands, "out", *self.auxiliary) if n in reads)
        shapes = tuple(f"{o}_shapes" for o in self.operands if f"{o}_shapes" in reads)
        self.saved, self.keeps = arrays + shapes + self.params, bool(arrays)
        self.source.reset()
        self.pull_source.reset()

    def recompute(self, **formulas: Callable[..., Any]) -> None:
        """Say how an auxiliary depends on the operands: ``(*names) -> auxiliary``, for derivatives of derivatives."""
        if unknown := set(formulas) - set(self.auxiliary):
            raise TypeError(f"{self.name}.recompute: {sorted(unknown)} are not auxiliaries; those are {self.auxiliary}")
        for name, formula in formulas.items():
            rule = self.recomputed[name] = Rule(formula)
            rule.reads = _parameters(formula)
        self.vjp(**{o: rule.formula if rule else None for o, rule in self.rules.items()})

    def fuse(self, formula: Callable[..., Any]) -> None:
        """Give all gradients at once: ``(g, *names) -> (gradient, ...)``, one for each operand that has a formula.

        It takes their place over arrays, where all are wanted, and may read what they read.  One sweep over memory then
        does the work of several.
        """
        self.fused = Rule(formula)
        if unknown := set(self.fused.reads) - set(self.saved):
            raise TypeError(f"the fused formula of {self.name} reads {sorted(unknown)}; it may read {self.saved}")
        SPACE[f"{self.name}_fused"] = formula
        self.pull_source.reset()

    def __repr__(self) -> str:
        return f"<primitive {self.name}({', '.join(self.operands + self.params)})>"

    def __getattr__(self, name: str) -> Any:
        if name in ("rules", "live", "saved", "keeps"):
            raise NotImplementedError(
                f"{self.name} has no formulas: call {self.name}.vjp, with None where there is none"
            )
        raise AttributeError(name)


class PrimitiveFunction(Protocol):
    """What ``@primitive`` makes: the written function, with its declaration at hand."""

    primitive: Primitive
    source: Source

    def __call__(self, *operands: Any, **params: Any) -> Any: ...
    def vjp(self, **formulas: Callable[..., Any] | None) -> None: ...
    def recompute(self, **formulas: Callable[..., Any]) -> None: ...
    def fuse(self, formula: Callable[..., Any]) -> None: ...


@overload
def primitive(forward: Callable[..., Any]) -> PrimitiveFunction: ...
@overload
def primitive(
    *, name: str | None = None, floating: bool = False, view: bool = False, aux: tuple[str, ...] = ()
) -> Callable[[Callable[..., Any]], PrimitiveFunction]: ...
def primitive(
    forward: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    floating: bool = False,
    view: bool = False,
    aux: tuple[str, ...] = (),
) -> Any:
    """Make *forward* a primitive.

    *name* is what graphs show, by default the function's.  *floating*: integer operands are brought to a floating dtype
    first.  *view*: the result may share memory with the first operand.  *aux*: names of further results, which carry no
    gradient; the forward then returns a tuple of its result and them, and so does a call.

    >>> from autograd_core.ops import mul
    >>> mul.primitive, mul.primitive.saved
    (<primitive mul(x, y)>, ('x', 'y'))
    """
    if forward is None:
        return functools.partial(_declare, name=name, floating=floating, view=view, aux=aux)
    return _declare(forward, name, floating, view, aux)


def _declare(
    forward: Callable[..., Any], name: str | None, floating: bool, view: bool, aux: tuple[str, ...]
) -> PrimitiveFunction:
    declaration = Primitive(forward, name, floating, view, aux)
    function: Any = functools.update_wrapper(declaration.call, forward)
    function.primitive, function.source = declaration, declaration.source
    function.vjp, function.recompute, function.fuse = declaration.vjp, declaration.recompute, declaration.fuse
    made: PrimitiveFunction = function
    return made


# ------------------------------------------------------------------------------------------------------ written function


class Source:
    """A function whose body is written and compiled at its first call, and written anew after ``reset``.

    The function object never changes, only its code, so whoever imported it has the newest.
    """

    def __init__(self, name: str, signature: inspect.Signature, write: Callable[[], list[str]]) -> None:
        self.name, self.write = name, write
        self.parameters = signature.parameters.values()
        self.defaults = {p.name: p.default for p in self.parameters if p.default is not p.empty}
        self.seed = _SEED.replace(
            co_name=name, co_qualname=name, co_filename=f"<autograd seed of {name}>", co_names=(f"{name}_grow",)
        )
        self.function = FunctionType(self.seed, SPACE, name)
        SPACE[name], SPACE[f"{name}_grow"] = self.function, self.grow

    def grow(self) -> FunctionType:
        """Write the body and put it in place."""
        text = str(self)
        filename = f"<autograd {self.name}>"
        linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
        code = _code(text, filename)
        self.function.__kwdefaults__ = self.defaults
        self.function.__code__ = code
        return self.function

    def reset(self) -> None:
        """Forget the body: the next call writes it anew."""
        self.function.__code__ = self.seed

    def __str__(self) -> str:
        plain = inspect.Signature([inspect.Parameter(p.name, p.kind) for p in self.parameters])
        return "\n    ".join([f"def {self.name}{plain}:", *self.write()]) + "\n"


def _code(text: str, filename: str) -> CodeType:
    return next(c for c in compile(text, filename, "exec").co_consts if isinstance(c, CodeType))


_SEED = _code("def seed(*args, **params): return grow()(*args, **params)", "<autograd seed>")
_PULL = inspect.signature(lambda node, g: None)


def _call_text(prim: Primitive) -> list[str]:
    """Write the body of a primitive: what the traced types inlined, then plain arrays, then whoever else claims it."""
    body = [line for writer in CALL_WRITERS for line in writer(prim)]
    operands = prim.operands[0] if prim.variadic else f"({listed(prim.operands)})"
    params = ", ".join(f"{p!r}: {p}" for p in prim.params)
    if prim.operands:
        others = f"[a for a in {operands} if type(a) is not ndarray]"
        plain = " and ".join(f"type({o}) is ndarray" for o in prim.operands)
        body += [f"if not {others}:" if prim.variadic else f"if {plain}:"]
        body += [f"    return {prim.name}_forward({arguments(prim)})"]
    return [*body, f"return dispatch({prim.name}_primitive, {operands}, {{{params}}})"]


def _pull_text(prim: Primitive) -> list[str]:
    return [line for writer in PULL_WRITERS for line in writer(prim)]


def listed(expressions: Iterable[str]) -> str:
    """Return ``x, y,``: the inside of a tuple, also of one or none."""
    return " ".join(f"{e}," for e in expressions)


def arguments(prim: Primitive, operands: list[str] | None = None) -> str:
    """Return ``x, y, axis=axis``, or ``*xs, axis=axis``: what a call of *prim* inside its written function is given."""
    star = "*" if prim.variadic else ""
    return ", ".join([*(f"{star}{o}" for o in operands or prim.operands), *(f"{p}={p}" for p in prim.params)])


def forward_text(prim: Primitive, operands: list[str]) -> str:
    """Return the expression of a one-line forward with these *operands*, else a call of it: a call costs 30 ns."""
    names = dict(zip(prim.operands, operands, strict=True)) | {name: name for name in (*prim.params, "np")}
    return _written_out(_one_line(prim.forward), names) or f"{prim.name}_forward({arguments(prim, operands)})"


def formula_text(prim: Primitive, operand: str, names: dict[str, str]) -> str:
    """Return the expression of a lambda's formula with *names* for what it reads, else a call of it."""
    rule = prim.rules[operand]
    assert rule is not None
    call = f"{prim.name}_{operand}_formula({', '.join(['g', *(names[name] for name in rule.reads)])})"
    around = rule.formula.__globals__.items()
    known = {name: name for name, value in around if SPACE.get(name) is value}  # primitives, above all
    known |= {name: repr(value) for name, value in around if type(value) is int}
    return _written_out(_lambda_body(rule.formula), known | names | {"g": "g"}) or call


def _written_out(expression: ast.expr | None, names: dict[str, str]) -> str | None:
    """Return the text of *expression* with each name replaced; None if it has names beside these."""
    if expression is None:
        return None
    for part in ast.walk(expression):
        if isinstance(part, ast.Name):
            if part.id not in names:
                return None  # what else it mentions lives in its own module
            part.id = names[part.id]
        elif isinstance(part, ast.Lambda | ast.comprehension | ast.NamedExpr):
            return None  # these bind names of their own
    return f"{ast.unparse(expression)}"


def _one_line(function: Callable[..., Any]) -> ast.expr | None:
    """Return the expression that is all of a function's body, or None."""
    try:
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, SyntaxError, ValueError):
        return None  # typed at a prompt, or a lambda
    body = definition.body if isinstance(definition, ast.FunctionDef) else []
    if body and ast.get_docstring(definition) is not None:  # type: ignore[arg-type]
        body = body[1:]
    return body[0].value if len(body) == 1 and isinstance(body[0], ast.Return) else None


def _lambda_body(function: Callable[..., Any]) -> ast.expr | None:
    """Return the expression of a lambda, found by its position in the file and held against its code; or None."""
    code = function.__code__
    spans = [(line, last, start, stop) for line, last, start, stop in code.co_positions() if line and start and stop]
    lines = {line for line, last, *_ in spans} | {last for _, last, *_ in spans}
    if code.co_name != "<lambda>" or len(lines) != 1:
        return None
    line = linecache.getline(code.co_filename, lines.pop() or 0).encode()  # columns count bytes
    text = line[min(start for *_, start, _ in spans) : max(stop for *_, stop in spans)].decode()
    parameters = ", ".join(code.co_varnames)
    try:
        again = _code(f"def _({parameters}): return {text}", "<again>")
        body = ast.parse(text, mode="eval").body
    except SyntaxError:
        return None
    same = [(c.co_code, c.co_names, c.co_consts[1:]) for c in (again, code)]
    return body if same[0] == same[1] else None


# ----------------------------------------------------------------------------------------------------------------- ranks

RANK: dict[type, int] = {}  # traced types; the highest rank among the operands claims a call
Writer = Callable[[Primitive], list[str]]
CALL_WRITERS: list[Writer] = []
PULL_WRITERS: list[Writer] = []


def trace(cls: type, rank: int, call: Writer | None = None, pull: Writer | None = None, **names: Any) -> None:
    """Give *cls* a rank.  A call is claimed by ``operand.bind(primitive, operands, params)``, or by the text *call* writes.

    *pull* writes the body of ``<name>_pull(node, g)``; *names* are what the texts may mention.
    """
    RANK[cls] = rank
    SPACE.update(names)
    CALL_WRITERS.extend([call] if call else [])
    PULL_WRITERS.extend([pull] if pull else [])
    rewrite()


def rewrite() -> None:
    """Have every primitive written anew at its next call."""
    for prim in PRIMITIVES.values():
        prim.source.reset()
        prim.pull_source.reset()


def _rank(operand: Any) -> int:
    for cls in type(operand).__mro__:
        if cls in RANK:
            return RANK[cls]
    return 0


def claimant(operands: tuple[Any, ...]) -> Any:
    """Return the operand of the highest rank, or None when all are plain."""
    best = max(operands, key=_rank, default=None)
    return best if _rank(best) else None


def dispatch(prim: Primitive, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Hand the call to its claimant, or run the forward when all operands are plain."""
    who = claimant(operands)
    return prim.forward(*operands, **params) if who is None else who.bind(prim, operands, params)


SPACE["dispatch"] = dispatch
