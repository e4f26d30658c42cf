"""Questions in notebooks: what is right, what is said of what is wrong, and how the card reads."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import autograd_core as ag
from autograd_core.errors import ArgumentError
from autograd_core.viz import ask

M = np.arange(1.0, 7.0).reshape(2, 3)
SQUARE = np.array([[1.0, 2.0], [3.0, 5.0]])


def found(yours: Any, right: Any, **options: Any) -> str:
    reply = ask("How many?", yours, right, **options)
    assert reply.right is False
    return reply.found


# -------------------------------------------------------------------------------------------------------------- what is right


@pytest.mark.parametrize(
    ("yours", "right"),
    [
        (6, 6.0),
        (6.05, 6.0),  # within 1 %
        (np.float32(0.1), 0.1),
        (0.0005, 0.0),  # beside 0 the largest entry, or 1, is the measure
        (7.0, 7),
        (True, np.True_),
        (False, ag.tensor(False)),
        (" Relu ", "ReLU"),
        ("top left", "topleft"),
        ({"b", " A"}, {"a", "B"}),
        ([2, 1, 1], {1, 2}),
        ((2, 3), (2, 3)),
        ([[1, 2, 3], [4, 5, 6]], M),
        ([M[0], ag.tensor(M[1])], M),  # rows in brackets
        (ag.tensor(M), M),
        (M.astype(np.float32), ag.tensor(M, requires_grad=True)),
        (np.ones((1, 1)), 1.0),  # one number, in any shape
        ((ag.tensor([1.0, 2.0]), "sum"), (np.array([1.0, 2.0]), "SUM")),
        ([float("nan"), float("inf")], np.array([np.nan, np.inf])),
        (np.zeros((0, 3)), ag.zeros(0, 3)),
        ((), ()),
        ([], np.zeros(0, bool)),
    ],
)
def test_right_answers(yours: Any, right: Any) -> None:
    reply = ask("What is it?", yours, right, why="Because.", hint="No.")
    assert reply.right is True
    assert repr(reply) == "What is it?\nRight. Because."


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64])
def test_both_float_dtypes(dtype: Any) -> None:
    right = ag.tensor([1.0, -2.0], dtype=dtype, requires_grad=True)
    assert ask("?", right.detach() * 1.009, right).right
    assert not ask("?", right.detach() * 1.02, right).right
    assert ask("?", right.detach() * 1.02, right, tolerance=0.05).right
    assert not ask("?", right.detach() * 1.0001, right, tolerance=0).right


def test_whole_numbers_are_counts() -> None:
    assert found(1001, 1000) == "Too large."
    assert ask("?", 1001, 1000.0).right


@pytest.mark.parametrize("yours", [None, (None, None), [None, [None]]])
def test_an_open_question(yours: Any) -> None:
    reply = ask("What is 1 + 1?", yours, 2, hint="Count.", why="It is.")
    assert reply.right is None
    assert repr(reply) == "What is 1 + 1?\nPut your answer in place of None."


# -------------------------------------------------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("yours", "right", "says"),
    [
        (9, 5.0, "Too large."),
        (-9, 5.0, "Too small."),
        (5.2, 5.0, "Too large, but close: it has to be within 1 %."),
        (10, 5.0, "It is off by a factor of 2."),
        (2.5, 5.0, "It is off by a factor of 1/2."),
        (15.0, 5.0, "Too large."),  # of a single number no other factor is told: it would be the answer
        (-5.0, 5, "The sign is the wrong one."),
        (-10.0, 5.0, "The sign is the wrong one, and it is off by a factor of 2."),
        (float("nan"), 5.0, "It is not finite (NaN or infinite)."),
        (0.0, 5.0, "Too small."),
        (5.0, 0.0, "Too large."),
        (M.T, M, "Your shape is (3, 2), and expected is (2, 3). Transposed?"),
        (M.ravel(), M, "Your shape is (6,), and expected is (2, 3). The numbers are right."),
        (1.0, M, "Your shape is (), and expected is (2, 3)."),
        (M, 1.0, "Your shape is (2, 3), and expected is ()."),
        (SQUARE.T, SQUARE, "Transposed?"),
        (-M, M, "The sign is the wrong one."),
        (M * 2, M, "It is off by a factor of 2."),
        (M * 3, M, "It is off by a factor of 3, the length of dim 1: a sum, or a mean?"),
        (
            M / -6,
            M,
            "The sign is the wrong one, and it is off by a factor of 1/6, the number of entries: a sum, or a mean?",
        ),
        (M / 3, M, "It is off by a factor of 1/3, the length of dim 1: a sum, or a mean?"),
        (M * 20, M, "It is off by a factor of 20: a sum, or a mean?"),
        (M / 20, M, "It is off by a factor of 1/20: a sum, or a mean?"),
        (M * 1.5, M, "All entries are off by the same factor."),
        (
            M + np.array([[0, 0, 9], [0, 9, 0]]),
            M,
            "2 of 6 entries differ, the first at [0, 2]. There yours, 12, is too large.",
        ),
        (M - np.array([[0, 0, 0], [0, 9, 0]]), M, "1 of 6 entries differs, at [1, 1]. There yours, -4, is too small."),
        (np.where(M % 4 == 2, np.inf, M), M, "2 of 6 entries are not finite (NaN or infinite)."),
        (np.zeros((2, 3)), M, "6 of 6 entries differ, the first at [0, 0]. There yours, 0, is too small."),
        (M, np.zeros((2, 3)), "6 of 6 entries differ, the first at [0, 0]. There yours, 1, is too large."),
        ([3, 2], (2, 3), "The numbers are right, their order is not."),
        ([True, False, True], [True, True, True], "1 of 3 entries differs, at [1]."),
        (False, True, "It is the other way round."),
        (1, True, "Expected is True or False, and yours is 1."),
        (True, 1, "Expected is a number, and yours is True."),
        ("3", 3, "Expected is a number, and yours is '3'."),
        (3, "c", "Expected is a text in quotes, and yours is 3."),
        ("b", "c", "'b' is not it."),
        ([[1, 2], [3]], M, "Expected is an array, with a number in each entry, and yours is [[1, 2], [3]]."),
        ("x" * 99, M, "Expected is an array, with a number in each entry, and yours is a str."),
        ([1], [True], "Expected is an array, with True or False in each entry, and yours is [1]."),
        ({"a", "c"}, {"a", "b"}, "1 of yours does not belong and 1 is missing."),
        ({1, 2, 3}, {1}, "2 of yours do not belong."),
        (["a"], {"a", "b", "c"}, "2 are missing."),
        ("a", {"a", "b"}, "Expected is a set in braces, such as {1, 2}, and yours is 'a'."),
        ([[1, 2]], {1}, "Expected is a set of numbers or texts, and yours is [[1, 2]]."),
        ((M, 3), (M, "sum"), "Answer 2 of 2: Expected is a text in quotes, and yours is 3."),
        ((M.T, "sum"), (M, "sum"), "Answer 1 of 2: Your shape is (3, 2), and expected is (2, 3). Transposed?"),
        ((M, None), (M, "sum"), "Answer 2 of 2: It is still None."),
        ((M,), (M, "sum"), "Expected are 2 answers, and you gave 1."),
        (M, (M, "sum"), "Expected is a tuple of 2 answers, and yours is an array."),
        (ag.tensor([2.0, 4.0]), ag.tensor([1.0, 2.0]), "It is off by a factor of 2."),
    ],
)
def test_what_is_wrong_is_said(yours: Any, right: Any, says: str) -> None:
    assert found(yours, right) == says


def test_a_wrong_answer_is_told_the_hint_and_not_the_reason() -> None:
    assert repr(ask("Sum?", 3, 5.0, hint="Add.", why="5")) == "Sum?\nNot yet. Too small. Hint: Add."
    assert repr(ask("Sum?", 3, 5.0)) == "Sum?\nNot yet. Too small."


def test_a_factor_next_to_one_is_not_called_one() -> None:
    assert found(M * (1 + 1e-7), M, tolerance=1e-9) == "All entries are off by the same factor."


# ------------------------------------------------------------------------------------------- choices, functions as answers

LETTERS = ("a", "b", "c")


@pytest.mark.parametrize("yours", ["b", "B", " b ", "b)", "(b)", "(B)", "b) the second one"])
def test_a_choice_may_stand_as_it_is_printed(yours: str) -> None:
    assert ask("?", yours, "b", choices=LETTERS).right
    assert found(yours, "c", choices=LETTERS) == "'b' is not it."


@pytest.mark.parametrize(
    ("yours", "told"), [("d", "'d'"), ("d)", "'d)'"), ("bc", "'bc'"), ("", "''"), (2, "2"), (M, "An array")]
)
def test_what_is_no_choice_is_told_the_choices(yours: Any, told: str) -> None:
    assert found(yours, "b", choices=LETTERS) == f'{told} is no choice: write "a", "b" or "c", in quotes.'


def test_choices_of_words() -> None:
    words = ("explodes", "keeps its size")
    assert ask("?", "Keeps its  size", "keeps its size", choices=words).right
    assert found("vanishes", "explodes", choices=words).startswith("'vanishes' is no choice")
    assert repr(ask("It ...?", None, "explodes", choices=words)) == (
        'It ...?\nPut your answer in place of None: "explodes" or "keeps its size".'
    )


def test_an_answer_that_is_computed() -> None:
    assert ask("?", lambda: M @ M.T, M @ M.T).right
    assert ask("?", lambda: None, M).right is None
    assert found(lambda: 7, 5.0) == "Too large."
    assert found(lambda: [1.0][len(M)], 5.0) == "It stops with IndexError: list index out of range."
    assert found(lambda: M @ M, M).startswith("It stops with ValueError: matmul: ")
    assert found(lambda: ag.tensor(M) @ ag.tensor(M), M).startswith("It stops with ")


def test_a_right_answer_of_many() -> None:
    def even(n: Any) -> str:
        return "It is odd." if n % 2 else ""

    assert ask("An even number?", 8, even, why="It is.").right
    assert ask("An even number?", None, even).right is None
    assert found(3, even) == "It is odd."
    assert found({}, even).startswith("It stops with TypeError: ")
    assert found(lambda: 1 / 0, even) == "It stops with ZeroDivisionError: division by zero."
    with pytest.raises(ArgumentError, match="the function that is right returned 1: expected what is wrong in words"):
        ask("?", 3, lambda n: n % 2)


# --------------------------------------------------------------------------------------------------- wrong use, and the card


@pytest.mark.parametrize("yours", [None, 3])
@pytest.mark.parametrize(
    ("right", "options", "says"),
    [
        (None, {}, "ask: right is None: expected a number, an array, a Tensor, .*; compute it before you ask"),
        ({}, {}, "ask: right is {}: expected a number"),
        ((1, None), {}, "ask: right is None: expected a number"),
        ({(1, 2)}, {}, r"ask: right is a set with \(1, 2\) in it: expected numbers and texts; use a tuple for others"),
        ("d", {"choices": LETTERS}, 'ask: right is \'d\', which is none of the choices, "a", "b" or "c"'),
        (1, {"choices": LETTERS}, "ask: right is 1, which is none of the choices"),
        ("a", {"choices": "abc"}, "ask: choices is 'abc': expected a tuple of texts"),
        ("a", {"choices": ("a",)}, r"ask: choices is \('a',\): expected a tuple of texts"),
        (1, {"choices": (1, 2)}, r"ask: choices is \(1, 2\): expected a tuple of texts"),
        (1, {"question": " "}, "ask: question is ' ': expected a text; put it in quotes"),
        (1, {"hint": 3}, "ask: hint is 3: expected a text"),
        (1, {"why": None}, "ask: why is None: expected a text"),
        (1, {"tolerance": -1}, "ask: tolerance is -1: expected a number, 0 or above, such as 0.01"),
        (1, {"tolerance": "1 %"}, "ask: tolerance is '1 %': expected a number"),
        (1, {"tolerance": float("nan")}, "ask: tolerance is nan: expected a number"),
    ],
)
def test_wrong_use_is_an_error_whatever_was_answered(yours: Any, right: Any, options: Any, says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        ask(**({"question": "?", "yours": yours, "right": right} | options))


@pytest.mark.parametrize(("yours", "word"), [(None, "Not answered"), (3, "Right"), (4, "Not yet")])
def test_the_card_says_in_words_what_its_colour_says(yours: Any, word: str) -> None:
    html = ask("Is `a < b`\nhere?", yours, 3, hint="See <script>.", why="`1` & 2.")._repr_html_()
    card = ET.fromstring(html.replace("<br>", "<br/>"))
    assert card.get("role") == "group"
    assert card.get("aria-label") == f"Quiz. {word}"
    assert card.find("div/code").text == "a < b"  # type: ignore[union-attr]
    assert "<script" not in html
    said = re.sub(r"<[^>]*>", "", html)
    assert {None: "Put your answer", 3: "Right. 1 &amp; 2.", 4: "Not yet. Too large. Hint: See &lt;script&gt;."}[
        yours
    ] in said


def test_asking_leaves_the_graph_and_the_answer_alone() -> None:
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    yours = w * 2
    before = yours.array.copy()
    assert ask("?", yours, w.detach() * 2).right
    assert w.grad is None
    np.testing.assert_array_equal(yours.array, before)
    yours.sum().backward()
    assert w.grad.tolist() == [2.0, 2.0]
