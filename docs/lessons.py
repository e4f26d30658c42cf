"""The page of lessons: ``make docs-lessons`` writes it."""

from __future__ import annotations

from pathlib import Path

from nn.lessons import in_order

__all__ = ["PATH", "page"]

PATH = Path(__file__).with_suffix(".md")
BEFORE = """\
<!-- `make docs-lessons` writes this page: change docs/lessons.py or what a lesson says of itself instead -->
# Lessons

Each system of an introductory deep-learning course, at work: a figure, its numbers, what the lecture claims and whether it
held, and one paragraph on what to see.

```
python -m nn lesson --list                      the table below
python -m nn lesson perceptron                  one lesson: lessons/perceptron has its figures, lessons/index.html shows it
python -m nn lesson perceptron --help           what it does, its options, its sources
python -m nn lesson perceptron --epochs 5 --seed 3 --out elsewhere
python -m nn lesson --all --out lessons         all of them, whatever becomes of one; again, to go on where it stopped
python -m nn lesson --all --quick               a first look, with less data and fewer steps
```

Figures need matplotlib: `pip install "autograd-core[train]"`; a few lessons need Optuna or scikit-learn, and say so.
The exit status is 1 where a claim did not hold. From Python: `nn.lessons.run_lesson("perceptron", seed=1)` returns the numbers,
the claims and the tables, and writes nothing.

"""
AFTER = """\
The minutes are those of two cores.

## Add a lesson

The system is a part of the library: a class or a function with a docstring and tests of its own. The lesson is a function
that calls it, in a file of `nn/lessons/course`, whose name goes into `nn/lessons/course/__init__.py`:

```python
@lesson(row=12, title="Feature scaling", question="How many steps ...?", minutes=0.2, quick={"steps": 5000})
def feature_scaling(run: Run, *, steps: Annotated[int, at_least(2000), "steps, at most"] = 20_000) -> None:
    \"\"\"Fit the growers of wines by gradient descent, with and without scaled measurements.\"\"\"
    ...
    run.figure("convergence", drawn, "What the figure shows.")
    run.number("steps", needed, expected="157 at most")
    run.claim("Standardised features converge within the steps of the theory", needed <= 157, f"{needed} steps")
    run.say("One paragraph: what to see, and why it is so.")
```

The keyword parameters are the options of the command; their annotations say what may be given. `quick` is the reduced budget
with which the tests run it: every claim must hold there too, with its margin in its text. The style of figures is set already
(`nn/lessons/figures.py` has the colours).
"""


def page() -> str:
    """Return the page as text."""
    head = "| row | lesson | question | minutes |\n|---|---|---|---|\n"
    rows = (f"| {one.row} | `{one.name}` | {one.question} | {one.minutes:.1f} |\n" for one in in_order().values())
    return f"{BEFORE}{head}{''.join(rows)}\n{AFTER}"


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
