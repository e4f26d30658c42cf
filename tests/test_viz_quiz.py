"""The quiz: which entry it asks for, what it takes for right, its hints and its score; and ``explain`` of a Tensor."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from autograd_core import viz


def small(dtype: Any = None) -> tuple[Any, Any, Any]:
    w = ag.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dtype=dtype, requires_grad=True)
    x = ag.tensor([[1.0, -1.0]], dtype=dtype)
    h = x @ w
    return (h.tanh() * h).sum(), w, x


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64])
def test_right_answers_walk_to_the_end(dtype: Any) -> None:
    loss, *tensors = small(dtype)
    quiz = viz.step(loss).quiz()
    while (question := quiz.question) is not None:
        exact = question.step.fitted
        answer = quiz.answer(float(exact[question.index]))
        assert answer.right
        assert answer.question.step is quiz.stepper.current
    assert (quiz.right, quiz.asked, quiz.score) == (len(quiz.stepper),) * 2 + (
        f"{len(quiz.stepper)} of {len(quiz.stepper)}",
    )
    assert tensors
    with pytest.raises(ag.errors.ArgumentError, match=r"all steps are taken; go back with stepper\.back"):
        quiz.answer(1)
    with pytest.raises(ag.errors.ArgumentError, match="all steps are taken"):
        quiz.hint()


def test_a_whole_contribution_is_an_answer_too() -> None:
    loss, w, _ = small()
    s = viz.step(loss)
    quiz = s.quiz()
    while s.trace.steps[s.position].to is not s.trace.find(w):
        quiz.give_up()
    exact = s.trace.steps[s.position].fitted
    for value in (exact.tolist(), ag.from_numpy(exact.copy()), exact * 1.001):
        assert quiz.answer(value).right
        s.back()
    wrong = exact.copy()
    wrong[1, 2] += 1
    answer = quiz.answer(wrong)
    assert not answer.right
    assert re.fullmatch(r"not quite: entry \[1, 2\] is -?[\d.]+, you said -?[\d.]+", str(answer))


def test_questions_are_the_same_every_time_and_touch_no_generator() -> None:
    loss, *tensors = small()
    before = ag.default_generator.get_state()
    s = viz.step(loss)

    def asked(seed: int) -> list[Any]:
        s.reset()
        questions = [s.quiz(seed=seed).question, *(s.quiz(seed=seed).question for _ in s)]
        return [q.index for q in questions if q is not None]

    assert len(asked(0)) == len(s)
    assert asked(0) == asked(0)
    assert len({str(asked(seed)) for seed in range(9)}) > 1
    assert ag.default_generator.get_state() == before
    assert tensors


def test_the_first_answer_counts() -> None:
    loss, *tensors = small()
    quiz = viz.step(loss).quiz()
    assert not quiz.answer(1e6).right
    quiz.stepper.back()
    question = quiz.question
    assert question is not None
    assert quiz.answer(float(question.step.fitted[question.index])).right
    quiz.give_up()
    assert quiz.score == "0 of 2"
    assert repr(quiz) == "<Quiz: 0 of 2 right>"
    assert tensors


@pytest.mark.parametrize(
    ("given", "right"),
    [
        (90, True),
        (90.8, True),
        (91.1, False),
        (-90, False),
        (0, False),
        (np.nan, False),
        (np.float32(90), True),
        ([90], True),
    ],
)
def test_within_a_hundredth(given: Any, right: bool) -> None:
    w = ag.tensor(2.0, requires_grad=True)
    y = w * 90
    assert viz.step(y).quiz().answer(given).right is right
    assert viz.step(y).quiz(rtol=2.0).answer(0).right


def test_numbers_that_are_none() -> None:
    w = ag.tensor([0.0, 4.0], requires_grad=True)
    loss = (w.sqrt() * ag.tensor([0.0, 1.0])).sum()
    quiz = viz.step(loss).quiz()
    while quiz.question is not None and quiz.question.step.node.op != "sqrt":
        quiz.give_up()
    answer = quiz.answer([np.nan, 0.25])
    np.testing.assert_array_equal(answer.expected, [np.nan, 0.25])
    assert answer.right


def test_of_an_empty_contribution_only_an_empty_answer_is_right() -> None:
    w = ag.zeros(0, 3, requires_grad=True)
    loss = (w * 2).sum()
    s = viz.step(loss)
    quiz = s.quiz()
    with pytest.raises(ag.errors.ArgumentError, match=r"an array of shape \(\): expected"):
        quiz.answer(1)
    assert quiz.answer(np.zeros((0, 3))).right


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1.0, 2.0], r"an array of shape \(2,\): expected one number, or the whole contribution, of shape \(1, 3\)"),
        ("much", "'much' is neither a number nor an array of numbers"),
        ([[1], [2, 3]], "is neither a number nor an array"),
        (None, "None is neither a number"),
    ],
)
def test_wrong_answers_are_no_arrays_of_other_shapes(value: Any, message: str) -> None:
    loss, *tensors = small()
    quiz = viz.step(loss).quiz()
    with pytest.raises(ag.errors.ArgumentError, match=message):
        quiz.answer(value)
    assert quiz.asked == quiz.stepper.position == 0
    assert tensors


def test_it_goes_by_single_contributions() -> None:
    loss, *_ = small()
    with pytest.raises(ag.errors.ArgumentError, match="the stepper goes by node: expected granularity='edge'"):
        viz.step(loss, granularity="node").quiz()


def test_hints_have_the_numbers() -> None:
    loss, w, x = small()
    s = viz.step(loss)
    quiz = s.quiz()
    hints = {}
    while quiz.question is not None:
        hints[s.trace.steps[s.position].node.op, str(s.trace.steps[s.position].to)] = quiz.hint()
        quiz.give_up()
    assert hints["sum", "h.tanh() * h"].startswith("spread(G), with G = 1")
    assert re.fullmatch(r"G \* h, with G\[0, \d\] = 1, h\[0, \d\] = -3", hints["mul", "h.tanh()"])
    assert re.fullmatch(r"x\.T @ G: row \[-?1\] times column \[-[\d.]+\]", hints["matmul", "w"])
    assert w.shape[0] == x.shape[1]


def test_a_question_says_that_copies_are_summed_and_the_hint_has_them() -> None:
    x, b = ag.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), ag.tensor([0.5, 0.25], requires_grad=True)
    quiz = viz.step((x * b).sigmoid().sum()).quiz()
    asked = {}
    while quiz.question is not None:
        asked[str(quiz.question.step.to)] = str(quiz.question), quiz.hint(), quiz.question.index
        quiz.give_up()
    question, hint, (place,) = asked["b"]
    assert question.endswith(f"which number is entry [{place}] of the contribution, summed to the shape of b?")
    column = ", ".join(f"{n:.4g}" for n in x.array[:, place])
    assert f"x[:, {place}] = [{column}]" in hint
    assert hint.endswith("; summed from 3x2, as broadcasting had stretched b")
    assert re.search(r"out\[\d, \d\] = [\d.]+$", asked["x * b"][1])  # of a sigmoid the entry that is asked for


@pytest.mark.parametrize("product", ["w @ M", "M.mT @ w", "w @ w", "ag.stack([M, M]) @ v", "w @ ag.stack([M, M])"])
def test_vectors_count_as_rows_and_columns_and_nothing_is_stretched(product: str) -> None:
    w, v = ag.tensor([1.0, 2.0, 3.0], requires_grad=True), ag.tensor([1.0, -1.0], requires_grad=True)
    M = ag.tensor([[1.0, 0.0], [2.0, 1.0], [0.0, 4.0]], requires_grad=True)
    s = viz.step(eval(product, {"ag": ag, "w": w, "v": v, "M": M}).sum())
    assert "<html" in viz.page.html_of(s.trace)
    quiz = s.quiz()
    while (question := quiz.question) is not None:
        stretched = question.step.contribution.size > question.step.fitted.size
        assert ("summed" in quiz.hint()) == ("stretched" in str(question.step.summed)) == stretched
        assert quiz.answer(question.step.fitted).right


def test_hints_of_what_has_no_rule_or_many_numbers() -> None:
    class Twice(ag.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x.detach() * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2

    x = ag.ones(20, 30, requires_grad=True)
    y = Twice.apply(x) @ ag.ones(30, 20)
    loss = y.mean()
    s = viz.step(loss)
    quiz = s.quiz()
    assert "with G = 1" in quiz.hint()
    quiz.give_up()
    assert quiz.hint() == "G @ (ag.ones(30, 20)).T, with G = 20x20 of norm 0.05" or "20x20 of norm" in quiz.hint()
    quiz.give_up()
    assert "has a backward of its own" in quiz.hint()
    assert str(quiz.give_up()) == "it is 20x30 of norm 2.449"


def test_events_have_what_the_formula_reads() -> None:
    loss, *tensors = small()
    for event in viz.step(loss):
        assert isinstance(event, viz.Step)
        assert event.rule is not None
        assert event.rule.latex
        assert set(event.reads) <= {s.name for s in event.rule.symbols}
        assert event.edge.end is event.node
        assert event.arriving is not None
        assert event.contribution.shape == event.fitted.shape == event.after.shape
    assert tensors


# --------------------------------------------------------------------------------------------------------------- explain


def test_a_tensor_explains_its_backward_pass() -> None:
    loss, w, x = small()
    text = loss.explain()
    assert text.startswith("Backward starts with the gradient 1 at loss.")
    assert text == viz.step(loss).explain()
    why = loss.explain(w)
    assert why == loss.explain("w")
    assert why.startswith("The gradient of w (2x3) is")
    assert "they agree" in why
    assert w.grad is None
    with pytest.raises(
        ag.errors.ArgumentError, match=r"this tensor of shape \(1, 2\) is not in the traced graph, or requires no"
    ):
        loss.explain(x)
    with pytest.raises(ag.errors.GraphError, match="requires no gradient, so nothing was recorded"):
        x.explain()
