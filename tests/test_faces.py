"""The public faces: sorted, resolvable, documented, with examples that run."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import GenericAlias, ModuleType
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import autograd_core.viz
import nn
import nn.lessons
import optim

ROOT = Path(__file__).parents[1]
PACKAGES = (ag, nn, optim)
# Names that users reach through a package, in modules of their own.
FACES = (
    ag,
    ag.accelerator,
    ag.autograd,
    ag.autograd.forward_ad,
    ag.autograd.functional,
    ag.autograd.graph,
    ag.cuda,
    ag.distributions,
    ag.distributions.constraints,
    ag.distributions.transforms,
    ag.errors,
    ag.func,
    ag.linalg,
    ag.serialization,
    ag.special,
    ag.testing,
    ag.utils.checkpoint,
    ag.utils.dlpack,
    ag.viz,
    nn,
    nn.caffe,
    nn.data,
    nn.functional,
    nn.hooks,
    nn.init,
    nn.lessons,
    nn.interpret,
    nn.models,
    nn.ops,
    nn.reinforcement,
    nn.training,
    nn.utils,
    nn.utils.data,
    nn.utils.parametrizations,
    nn.utils.parametrize,
    nn.utils.prune,
    nn.utils.rnn,
    nn.utils.stateless,
    optim,
    optim.lr_scheduler,
    optim.swa_utils,
)

names = pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)


def modules() -> list[str]:
    """Every module of the three packages, by name."""
    found = [package.__name__ for package in PACKAGES]
    for package in PACKAGES:
        found += [m.name for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    return sorted(name for name in found if not name.endswith("__main__"))


# ------------------------------------------------------------------------------------------------------------ __all__


def order(name: str) -> tuple[Any, ...]:
    """As ruff sorts: CONSTANTS, Classes, functions; int8 before int16.  `make format` does it."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return kind, [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


@names
def test_all_is_sorted_and_has_no_doubles(face: ModuleType) -> None:
    assert list(face.__all__) == sorted(set(face.__all__), key=order), f"sort {face.__name__}.__all__: make format"


@names
def test_all_is_there(face: ModuleType) -> None:
    missing = [name for name in face.__all__ if not hasattr(face, name)]
    assert not missing, f"{face.__name__}.__all__ promises {missing}"


@names
def test_all_is_public(face: ModuleType) -> None:
    private = [name for name in face.__all__ if name.startswith("_")]
    assert not private, f"{face.__name__}.__all__ has private names {private}"


@pytest.mark.parametrize("name", modules())
def test_every_module_imports_and_says_what_it_is(name: str) -> None:
    assert importlib.import_module(name).__doc__, f"{name} has no docstring"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_an_init_file_computes_nothing(package: ModuleType) -> None:
    tree = ast.parse(Path(package.__file__ or "").read_text("utf-8"))
    computed = [ast.unparse(node) for node in tree.body if not _is_declaration(node)]
    assert not computed, f"{package.__name__}/__init__.py is a list of names; move this into a module: {computed}"


def _is_declaration(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)  # the docstring
    if isinstance(node, ast.Assign):
        return isinstance(node.value, ast.List | ast.Constant | ast.Name | ast.Attribute)  # __all__, and second names
    if isinstance(node, ast.If):  # what type checkers alone must see, or must not see
        told_apart = ast.unparse(node.test) in ("TYPE_CHECKING", "not TYPE_CHECKING")
        return told_apart and all(_is_declaration(inner) for inner in [*node.body, *node.orelse])
    return isinstance(node, ast.Import | ast.ImportFrom)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_types_are_announced(package: ModuleType) -> None:
    assert (Path(package.__path__[0]) / "py.typed").exists(), f"{package.__name__} has no py.typed"


# --------------------------------------------------------------------------------------------------------- docstrings


def public_callables(face: ModuleType) -> Iterator[tuple[str, Any]]:
    """The functions and classes that *face* promises, without second names of types, and exceptions: those are raised."""
    for name in face.__all__:
        value = getattr(face, name)
        if not callable(value) or isinstance(value, GenericAlias):
            continue
        if not (isinstance(value, type) and issubclass(value, BaseException)):
            yield name, value


@names
def test_every_public_name_has_an_example(face: ModuleType) -> None:
    lacking = [name for name, value in public_callables(face) if ">>>" not in (value.__doc__ or "")]
    assert not lacking, f"{face.__name__}: no example (>>>) in the docstrings of {', '.join(lacking)}"


@names
def test_every_public_method_has_a_docstring(face: ModuleType) -> None:
    lacking = [
        f"{name}.{attribute}"
        for name, value in public_callables(face)
        if isinstance(value, type)
        for attribute, member in vars(value).items()
        if not attribute.startswith("_") and inspect.isroutine(member)
        if not inspect.getdoc(getattr(value, attribute))  # its own, or of the method that it overrides
    ]
    assert not lacking, f"{face.__name__}: no docstring for {', '.join(lacking)}"


# ----------------------------------------------------------------------------------------------------------- examples


def examples() -> Iterator[Any]:
    """Every docstring with an example, read from the source: a decorator cannot hide it, and nothing runs twice."""
    for package in PACKAGES:
        folder = Path(package.__path__[0])
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder.parent).with_suffix("").parts
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            if parts[-1] != "__main__":
                yield from _examples(ast.parse(path.read_text("utf-8")), module, "", path)


def _examples(node: ast.AST, module: str, inside: str, path: Path) -> Iterator[Any]:
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
        text = ast.get_docstring(node) or ""
        if ">>>" in text:
            name = ".".join(filter(None, [module, inside]))
            yield pytest.param(text, module, name, path, node.body[0].lineno, id=name)
    for child in ast.iter_child_nodes(node):
        inner = getattr(child, "name", "") if isinstance(child, ast.ClassDef | ast.FunctionDef) else ""
        yield from _examples(child, module, ".".join(filter(None, [inside, inner])), path)


@pytest.mark.parametrize(("text", "module", "name", "path", "line"), list(examples()))
def test_example(text: str, module: str, name: str, path: Path, line: int, tmp_path: Path, monkeypatch: Any) -> None:
    """An example sees its module's names, as readers of the file do, and ``ag``, ``nn``, ``optim`` and ``np``."""
    monkeypatch.chdir(tmp_path)
    known = {**vars(importlib.import_module(module)), "ag": ag, "nn": nn, "optim": optim, "np": np}
    example = doctest.DocTestParser().get_doctest(text, known, name, str(path.relative_to(ROOT)), line - 1)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert not said, "".join(said)
