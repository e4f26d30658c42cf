"""Caffe's files: the text format, learning rates, layers, networks, and the solver with its snapshots."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
from nn import caffe
from nn.__main__ import solver_optimizer

ROOT = Path(__file__).parents[1]

# ----------------------------------------------------------------------------------------------------------------- text


def test_all_of_the_text_format_is_read() -> None:
    m = caffe.parse(
        """# a comment
        a: 1, b: -2.5e-3; c: "x#\\"y" 'z'   d: [1, 2,3] d: 4
        e { f: true g < h: WORD > }  e: { f: false }  i: .5f  j: 0x1F"""
    )
    assert (m.count("a"), m.number("b"), m.text("c"), m.counts("d")) == (1, -0.0025, 'x#"yz', [1, 2, 3, 4])
    first, second = m.blocks("e")
    assert (first.flag("f", False), second.flag("f", True)) == (True, False)
    assert first.block("g").choice("h", ("WORD", "OTHER")) == "WORD"
    assert (m.number("i"), m.count("j"), m.number("none", 7), m.text("no", None)) == (0.5, 31, 7, None)
    m.done()
    assert caffe.parse("").fields == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb {\n c: 2\n", "net:2: the block b is not closed; add }"),
        ("a: 1\n}", "net:2: '}' stands where a field's name is expected"),
        ("a:\n\n", "net:1: a has no value"),
        ("a: }", "net:1: a: has no value before '}'"),
        ("a 3", "net:1: a is followed by '3'; write a: value, or a { ... }"),
        ("a: [1, 2", "net:1: the list a is not closed; add ]"),
        ('\na: "x\nb: 1', "net:2: '\"x' cannot be read; close the quotes on this line"),
        ("a: 1 %", "net:1: '%' cannot be read; delete it"),
        ("a: 1.2.3", "net:1: '1.2.3' cannot be read; delete it"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ag.errors.DataError) as caught:
        caffe.parse(text, "net")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("take", "message"),
    [
        (lambda m: m.count("half"), "text:1: half: 0.5, expected a whole number of at least 0"),
        (lambda m: m.count("one", least=2), "text:1: one: 1, expected a whole number of at least 2"),
        (lambda m: m.number("word"), "text:2: word: MAX, expected a number"),
        (lambda m: m.text("word"), 'text:2: word: MAX, expected text in quotes: word: "..."'),
        (lambda m: m.number("gone"), "text:1: text has no gone; add gone: ..."),
        (lambda m: m.count("twice"), "text:4: twice stands here again, expected once in text; delete one"),
        (
            lambda m: m.choice("word", ("MAY", "AVE")),
            "text:2: word: MAX is unknown; did you mean MAY? expected one of MAY, AVE",
        ),
        (lambda m: m.block("one"), "text:1: one: 1, expected a block: one { ... }"),
        (lambda m: m.number("block"), "text:3: block: { ... }, expected a number"),
        (lambda m: (m.ignore("hals"), m.done()), "text:1: text has no field 'half' here; did you mean hals?"),
    ],
)
def test_what_does_not_fit_is_said_with_its_line(take: Any, message: str) -> None:
    m = caffe.parse("half: 0.5 one: 1\nword: MAX\nblock { }\ntwice: 1 twice: 2")
    with pytest.raises(ag.errors.DataError) as caught:
        take(m)
    assert str(caught.value) == message


# --------------------------------------------------------------------------------------------------------- learning rates


def test_the_seven_policies() -> None:
    def rates(policy: str, **options: Any) -> list[float]:
        rate = caffe.LearningRate(policy, base_lr=0.1, max_iter=100, **options)
        return [rate(t) for t in (0, 10, 25, 100)]

    close = pytest.approx
    assert rates("fixed") == [0.1] * 4
    assert rates("step", gamma=0.5, stepsize=10) == close([0.1, 0.05, 0.025, 0.1 / 1024])
    assert rates("exp", gamma=0.9) == close([0.1, 0.1 * 0.9**10, 0.1 * 0.9**25, 0.1 * 0.9**100])
    assert rates("inv", gamma=0.1, power=2.0) == close([0.1, 0.1 / 4, 0.1 / 3.5**2, 0.1 / 121])
    assert rates("multistep", gamma=0.1, stepvalue=(10, 50)) == close([0.1, 0.01, 0.01, 0.001])
    assert rates("poly", power=2.0) == close([0.1, 0.081, 0.1 * 0.75**2, 0.0])
    e = np.e
    assert rates("sigmoid", gamma=-0.1, stepsize=10) == close(
        [0.1 / (1 + e**-1), 0.05, 0.1 / (1 + e**1.5), 0.1 / (1 + e**9)]
    )
    assert caffe.LearningRate("sigmoid", 0.1, gamma=100.0, stepsize=100)(0) == close(0, abs=1e-300)
    with pytest.raises(ag.errors.ArgumentError, match="policy='cosine', expected one of fixed, step"):
        caffe.LearningRate("cosine", 0.1)


SOLVER = 'net: "net.prototxt" base_lr: 0.01 max_iter: 5 lr_policy: "fixed"'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_iter: 0", "solver.prototxt:2: max_iter stands here again"),
        ("momentun: 0.9", "solver.prototxt:2: .* has no field 'momentun' here; did you mean momentum?"),
        ("test_iter: 3", "solver.prototxt:2: test_iter and test_interval stand together; add the other"),
        ('type: "Adams"', 'solver.prototxt:2: type: "Adams" is unknown; did you mean Adam?'),
        ('type: "Nesterov"', "solver.prototxt:2: type: Nesterov needs a momentum; add momentum: 0.9"),
        ("momentum: 1", "solver.prototxt:2: momentum: 1.0, expected a number below 1"),
        ("base_lr: 0.1", "base_lr stands here again"),
        ("stepvalue: 5 stepvalue: 5", "stepvalue: 5, 5, expected rising numbers"),
        ("type: SGD solver_type: SGD", "type stands beside solver_type; keep type"),
    ],
)
def test_wrong_solver_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "net.prototxt").write_text("")
    (tmp_path / "solver.prototxt").write_text(f"{SOLVER}\n{text}")
    with pytest.raises(ag.errors.DataError, match=message):
        caffe.read_solver(tmp_path / "solver.prototxt")


@pytest.mark.parametrize(
    ("right", "wrong"), [("base_lr", "base_lrr"), ("max_iter", "maxiter"), ("net", "nett"), ("gamma", "gama")]
)
def test_a_misspelt_field_is_named_before_the_one_that_is_missing(tmp_path: Path, right: str, wrong: str) -> None:
    text = 'lr_policy: "exp"\nnet: "net.prototxt"\nbase_lr: 0.01\nmax_iter: 5\ngamma: 0.5\n'
    (tmp_path / "solver.prototxt").write_text(text.replace(f"{right}:", f"{wrong}:"))
    line = 1 + text[: text.index(f"{right}:")].count("\n")
    message = rf"solver.prototxt:{line}: .* has no field '{wrong}' here; did you mean {right}\?"
    with pytest.raises(ag.errors.DataError, match=message):
        caffe.read_solver(tmp_path / "solver.prototxt")


def test_policies_need_their_fields_and_the_net_its_file(tmp_path: Path) -> None:
    file = tmp_path / "solver.prototxt"
    file.write_text(SOLVER.replace("fixed", "inv"))
    (tmp_path / "net.prototxt").write_text("")
    with pytest.raises(ag.errors.DataError, match=r"solver.prototxt:1: lr_policy: inv needs gamma; add gamma: ..."):
        caffe.read_solver(file)
    file.write_text(SOLVER.replace("net.prototxt", "other.prototxt"))
    with pytest.raises(ag.errors.DataError, match=r"net: .*other.prototxt' does not exist; correct the path"):
        caffe.read_solver(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ag.errors.DataError, match="it is no text in UTF-8"):
        caffe.read_solver(file)
    file.write_text(f"{SOLVER} solver_type: NESTEROV momentum: 0.5 solver_mode: GPU")
    assert caffe.read_solver(file).type == "Nesterov"


# ---------------------------------------------------------------------------------------------------------------- layers


def layer_of(text: str, shape: str) -> nn.caffe.Network:
    dims = " ".join(f"dim: {n}" for n in shape.split("x"))
    return caffe.Network(
        caffe.parse(
            f"""layer {{ name: "in" type: "Input" top: "x" input_param {{ shape {{ {dims} }} }} }}
            layer {{ name: "it" {text} bottom: "x" top: "y" }}"""
        )
    )


@pytest.mark.parametrize("size", [5, 6, 7, 8])
@pytest.mark.parametrize(("kernel", "stride", "pad"), [(3, 2, 0), (2, 2, 0), (3, 2, 1), (2, 3, 1)])
@pytest.mark.parametrize("kind", ["MAX", "AVE"])
def test_pooling_rounds_up_as_caffe_does(size: int, kernel: int, stride: int, pad: int, kind: str) -> None:
    text = f'type: "Pooling" pooling_param {{ pool: {kind} kernel_size: {kernel} stride: {stride} pad: {pad} }}'
    x = ag.randn(1, 2, size, size, generator=ag.Generator(0))
    found = layer_of(text, f"1x2x{size}x{size}").eval()({"x": x})["y"].numpy()
    count = -(-(size + 2 * pad - kernel) // stride) + 1
    if (count - 1) * stride >= size + pad:  # the last window must begin inside
        count -= 1
    expected = np.zeros((1, 2, count, count))
    for i in range(count):
        for j in range(count):
            top, left = i * stride - pad, j * stride - pad
            bottom, right = min(top + kernel, size + pad), min(left + kernel, size + pad)
            window = x.numpy()[0, :, max(top, 0) : bottom, max(left, 0) : right].reshape(2, -1)
            area = (bottom - top) * (right - left)  # Caffe counts the padding, but not what hangs over it
            expected[0, :, i, j] = window.max(1) if kind == "MAX" else window.sum(1) / area
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_local_response_normalisation_is_caffes() -> None:
    x = ag.randn(2, 7, 3, 3, generator=ag.Generator(0))
    text = 'type: "LRN" lrn_param { local_size: 5 alpha: 0.5 beta: 0.75 k: 2 }'
    found = layer_of(text, "2x7x3x3").eval()({"x": x})["y"].numpy()
    a = x.numpy()
    for c in range(7):
        squares = (a[:, max(c - 2, 0) : c + 3] ** 2).sum(1)
        np.testing.assert_allclose(found[:, c], a[:, c] / (2 + 0.5 / 5 * squares) ** 0.75, rtol=1e-5)


def test_fillers() -> None:
    ag.manual_seed(0)
    for text, low, high, std in (
        ('type: "xavier"', -((3 / 50) ** 0.5), (3 / 50) ** 0.5, (1 / 50) ** 0.5),
        ('type: "xavier" variance_norm: FAN_OUT', -((3 / 75) ** 0.5), (3 / 75) ** 0.5, (1 / 75) ** 0.5),
        ('type: "msra" variance_norm: AVERAGE', -1, 1, (2 / 62.5) ** 0.5),
        ('type: "gaussian" std: 0.01', -0.1, 0.1, 0.01),
        ('type: "uniform" min: -2 max: 4', -2, 4, 3**0.5),
        ("value: 3", 3, 3, 0),
    ):
        weight = ag.zeros(3, 2, 5, 5)
        drawn = []
        for _ in range(60):
            caffe.fill(weight, caffe.parse(text))
            drawn.append(weight.numpy().copy())
        assert low <= np.min(drawn)
        assert np.max(drawn) <= high
        assert np.std(drawn) == pytest.approx(std, rel=0.05, abs=1e-9)
    with pytest.raises(ag.errors.DataError, match="max: 0, expected at least min, 1"):
        caffe.fill(ag.zeros(2, 2), caffe.parse('type: "uniform" min: 1 max: 0'))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('type: "Convolutoin"', 'type: "Convolutoin" is unknown; did you mean Convolution?'),
        (
            'type: "Convolution" convolution_param { num_output: 4 }',
            "convolution_param has 0 kernel_size, expected one",
        ),
        (
            'type: "Convolution" convolution_param { num_output: 4 kernel_size: 3 kernel_h: 3 }',
            "kernel_size stands beside kernel_h or kernel_w; keep one way",
        ),
        (
            'type: "Convolution" convolution_param { num_output: 3 kernel_size: 3 group: 2 }',
            "group: 2 divides not both 2",
        ),
        ('type: "Convolution" convolution_param { num_output: 4 kernel_size: 9 }', "takes no blob of shape"),
        ('type: "Convolution" convolution_param { num_output: 4 kernel_size: 3 strides: 2 }', "did you mean stride?"),
        ('type: "Pooling" pooling_param { kernel_size: 2 pad: 2 }', "expected at most half of kernel_size"),
        ('type: "LRN" lrn_param { local_size: 4 }', "local_size: 4, expected an odd number"),
        ('type: "Dropout" dropout_param { dropout_ratio: 1 }', "dropout_ratio: 1.0, expected a number below 1"),
        ('type: "ReLU" bottom: "z"', "has 2 bottom and 1 top, expected 1 and 1"),
        ('type: "ReLU" param { lr_mult: 1 }', "1 param, expected 0 at most"),
        ('type: "Softmax" include { phase: TRIAN }', "phase: TRIAN is unknown; did you mean TRAIN?"),
    ],
)
def test_wrong_layers_are_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(ag.errors.DataError, match=message) as caught:
        layer_of(text, "1x2x8x8")
    assert str(caught.value).startswith("text:2: ")
    assert "\n" not in str(caught.value)


def test_networks_are_checked() -> None:
    with pytest.raises(ag.errors.DataError, match="there is no layer; add layer"):
        caffe.Network(caffe.parse(""))
    text = 'layer { name: "a" type: "ReLU" bottom: "x" top: "x" }'
    with pytest.raises(ag.errors.DataError, match="no layer before gives its bottom 'x' in TRAIN; there is none"):
        caffe.Network(caffe.parse(text))
    given = 'layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }\n'
    with pytest.raises(ag.errors.DataError, match="text:2: there is a layer 'a' already in TRAIN"):
        caffe.Network(caffe.parse(f"{given}{text} {text}"))
    net = caffe.Network(caffe.parse(given + text))
    with pytest.raises(ag.errors.ArgumentError, match="input has no blob 'x', expected x in the phase TRAIN"):
        net({})


def test_the_examples_have_the_published_sizes_and_multipliers() -> None:
    net = caffe.Network(caffe.read_prototxt(caffe.example("lenet.prototxt")), {"fashion-mnist": (1, 28, 28)})
    assert sum(p.numel() for p in net.parameters()) == 431_080  # Caffe's LeNet
    shapes = [tuple(p.shape) for p in net.parameters()]
    assert shapes == [(20, 1, 5, 5), (20,), (50, 20, 5, 5), (50,), (500, 800), (500,), (10, 500), (10,)]
    assert set(net.multipliers.values()) == {(1.0, 1.0), (2.0, 0.0)}
    assert net.outputs == {"TRAIN": ("loss",), "TEST": ("accuracy", "loss")}
    blobs = {"data": ag.randn(4, 1, 28, 28), "label": ag.tensor([0, 1, 2, 3])}
    assert {name: value.shape for name, value in net.eval()(blobs).items()} == {"accuracy": (), "loss": ()}
    with pytest.raises(ag.errors.ArgumentError, match=r"name='x': expected one of caffenet.prototxt"):
        caffe.example("x")


@pytest.mark.slow
def test_caffenet_has_its_parameters() -> None:
    net = caffe.Network(caffe.read_prototxt(caffe.example("caffenet.prototxt"))).eval()
    assert sum(p.numel() for p in net.parameters()) == 60_965_224
    assert net({"data": ag.zeros(1, 3, 227, 227)})["prob"].sum().item() == pytest.approx(1, rel=1e-5)


# ---------------------------------------------------------------------------------------------------------------- solver

NET = """
layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TRAIN }
  transform_param { scale: 0.00390625 } data_param { source: "fashion-mnist" batch_size: 16 } }
layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TEST }
  transform_param { scale: 0.00390625 } data_param { source: "fashion-mnist" batch_size: 50 } }
layer { name: "pool" type: "Pooling" bottom: "data" top: "small" pooling_param { pool: AVE kernel_size: 4 stride: 4 } }
layer { name: "drop" type: "Dropout" bottom: "small" top: "small" dropout_param { dropout_ratio: 0.2 } }
layer { name: "ip" type: "InnerProduct" bottom: "small" top: "ip" param { lr_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
layer { name: "acc" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.prototxt").write_text(NET)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def solver_of(folder: Path, text: str = "", say: Any = lambda line: None) -> caffe.Solver:
    base = (
        'net: "net.prototxt" base_lr: 0.1 lr_policy: "exp" gamma: 0.99 momentum: 0.9 weight_decay: 0.01 max_iter: 12 '
        'test_iter: 4 test_interval: 6 display: 4 snapshot: 5 snapshot_prefix: "out" '
    )
    (folder / "solver.prototxt").write_text(base + text)
    return caffe.Solver(caffe.read_solver(folder / "solver.prototxt"), solver_optimizer, say=say)


@pytest.mark.parametrize("kind", ["SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"])
def test_every_type_takes_the_step_that_caffe_takes(folder: Path, kind: str) -> None:
    solver = solver_of(folder, f'type: "{kind}" delta: 0.001')
    w, b = solver.network.parameters()
    before = [p.detach().numpy().astype(np.float64) for p in (w, b)]
    solver.step()
    for p, old, rate, decay in ((w, before[0], 0.1, 0.01), (b, before[1], 0.2, 0.0)):
        g = p.grad.numpy() + decay * old
        expected = {
            "SGD": rate * g,
            "Nesterov": rate * g * 1.9,
            "AdaGrad": rate * g / (np.abs(g) + 0.001),
            "RMSProp": rate * g / (np.sqrt(0.01 * g * g) + 0.001),
            "AdaDelta": rate * g * np.sqrt(0.001 / (0.1 * g * g + 0.001)),
            "Adam": rate * g / (np.abs(g) + 0.001),
        }[kind]
        np.testing.assert_allclose(old - p.detach().numpy(), expected, rtol=2e-3, atol=2e-6)


def test_l1_clipping_and_accumulated_batches(folder: Path) -> None:
    solver = solver_of(folder, "regularization_type: L1 clip_gradients: 0.001 iter_size: 3")
    w, b = solver.network.parameters()
    before = w.detach().numpy().copy(), b.detach().numpy().copy()
    solver.step()
    taken = (before[0] - w.detach().numpy()) / 0.1 - 0.01 * np.sign(before[0])
    bias = (before[1] - b.detach().numpy()) / 0.2
    assert np.sqrt((taken**2).sum() + (bias**2).sum()) == pytest.approx(0.001, rel=0.02)
    assert solver.state_dict()["loader"]["batch"] == 3


def test_a_run_says_what_it_does_and_learns(folder: Path) -> None:
    lines: list[str] = []
    solver = solver_of(folder, say=lines.append)
    solver.solve()
    assert [line.split(",")[0].split(" = ")[0] for line in lines] == [
        "Iteration 0", "Iteration 4", "Snapshotting to out_iter_5.json", "Iteration 6", "Iteration 8",
        "Snapshotting to out_iter_10.json", "Iteration 12", "Iteration 12", "Snapshotting to out_iter_12.json",
    ]  # fmt: skip
    assert lines[1].endswith(f"lr = {0.1 * 0.99**3:.4g}")
    first, last = (float(lines[place].split("loss = ")[1]) for place in (0, 7))
    assert last < first - 0.1
    assert {path.name for path in folder.glob("out_iter_*.json")} == {f"out_iter_{n}.json" for n in (5, 10, 12)}


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_a_snapshot_goes_on_to_the_same_bits(folder: Path, kind: str) -> None:
    whole = solver_of(folder, f'type: "{kind}" average_loss: 3')
    whole.solve()
    lines: list[str] = []
    again = solver_of(folder, f'type: "{kind}" average_loss: 3', lines.append)
    again.restore("out_iter_5")
    assert again.iteration == 5
    again.solve()
    for p, q in zip(whole.network.parameters(), again.network.parameters(), strict=True):
        np.testing.assert_array_equal(p.detach().numpy(), q.detach().numpy())
    assert whole.test() == again.test()
    (folder / "net.prototxt").write_text(NET.replace("num_output: 10", "num_output: 11"))
    with pytest.raises(ag.errors.CheckpointError, match="of another architecture than this network"):
        solver_of(folder).restore("out_iter_5")
    nn.training.save_checkpoint("other", {"epoch": 1})
    with pytest.raises(ag.errors.CheckpointError, match="other is no snapshot of a solver"):
        again.restore("other")


def test_what_a_solver_cannot_do_without(folder: Path) -> None:
    for text, message in (
        (
            NET.replace('"fashion-mnist" batch_size: 16', '"fashion-mnits" batch_size: 16'),
            "did you mean fashion-mnist?",
        ),
        (
            NET.replace("SoftmaxWithLoss", "Softmax").replace('bottom: "label" top: "loss"', 'top: "loss"'),
            "there is no loss in TRAIN",
        ),
        (NET.replace("phase: TEST", "phase: TRAIN"), "there is a Data layer in TRAIN already"),
        (NET.replace("scale: 0.00390625", "crop_size: 40"), "crop_size: 40, expected at most 28"),
    ):
        (folder / "net.prototxt").write_text(text)
        with pytest.raises(ag.errors.DataError, match=message):
            solver_of(folder)
    (folder / "net.prototxt").write_text(NET)
    solver = solver_of(folder)
    solver.network.layers["ip"][1].weight.data.fill_(float("nan"))
    with pytest.raises(ag.errors.NonFiniteError, match="the loss became nan in iteration 1; take a smaller base_lr"):
        solver.step()


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import runpy; sys.argv = ['nn', *{list(arguments)!r}]; "
    code += "runpy.run_module('nn', run_name='__main__', alter_sys=True)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd, check=False)


def test_the_command_trains_snapshots_and_goes_on(folder: Path) -> None:
    solver_of(folder)  # writes the file
    first = run("train", "--solver", "solver.prototxt", cwd=folder)
    assert first.returncode == 0, first.stderr
    assert "Snapshotting to out_iter_12.json" in first.stdout
    last = (folder / "out_iter_12.json").read_text()
    (folder / "out_iter_12.json").unlink()
    second = run("train", "--solver", "solver.prototxt", "--snapshot", "out_iter_10", cwd=folder)
    assert "Going on from out_iter_10, after 10 of 12 iterations" in second.stdout
    assert (folder / "out_iter_12.json").read_text() == last
    text = (folder / "solver.prototxt").read_text()
    (folder / "in_a_file.prototxt").write_text(text.replace('"out"', '"net.prototxt/out"'))
    for arguments, message in (
        (("train",), "name a model, as in python -m nn train lenet"),
        (
            ("train", "lenet", "--solver", "solver.prototxt"),
            "train either the model 'lenet' or --solver solver.prototxt",
        ),
        (("train", "--solver", "in_a_file.prototxt"), "snapshot_prefix, net.prototxt: net.prototxt is a file; name a"),
        (("train", "lenet", "--snapshot", "x"), "--snapshot goes with --solver"),
        (("train", "--solver", "none.prototxt"), "cannot read none.prototxt: No such file"),
        (("train", "--solver", "solver.prototxt", "--snapshot", "x"), "there is no checkpoint x.json"),
    ):
        done = run(*arguments, cwd=folder)
        assert done.returncode in (1, 2)
        assert message in done.stderr
        assert "Traceback" not in done.stderr
