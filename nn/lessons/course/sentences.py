"""Row 28: a convolutional network that reads sentences."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

import autograd_core as ag
import optim

from ... import data, models
from ...layers import CrossEntropyLoss
from ...training import Accuracy, Callback
from ...training.callbacks import Run as TrainingRun
from .. import figures
from ..options import Count, Positive, at_least
from ..registry import lesson
from ..run import Run

NORM = 3.0  # of the rows of the last weights, at most, as in the paper
EXAMPLE = ["the", "plot", "was", "wonderful", "but", "the", "acting", "was", "not", "really", "good"]
SHOWN = 8  # filters


class _MaxNorm(Callback):
    """Keep the rows of the last weights short, after each step."""

    def on_batch_end(self, run: TrainingRun) -> None:
        assert isinstance(run.model, models.SentenceCNN)
        optim.max_norm_(run.model.output.weight, NORM)


@lesson(
    row=28,
    title="Convolutions over sentences",
    question="What can a filter over a few words know that a bag of words cannot?",
    sources=("Kim, Convolutional Neural Networks for Sentence Classification, 2014",),
    minutes=0.4,
    quick={"sentences": 1500, "epochs": 7},
)
def sentence_cnn(
    run: Run,
    *,
    sentences: Annotated[int, at_least(1000), "made-up reviews to learn from"] = 3000,
    epochs: Annotated[Count, "times through them"] = 8,
    rate: Annotated[Positive, "learning rate of Adam"] = 2e-3,
) -> None:
    """Teach Kim's network whether a made-up review praises, and a linear model on the words that occur in it.

    No word of these reviews tells anything by itself: "not" turns what follows it round, and after "but" counts what comes
    last.  Both are tested on 1,000 other reviews.
    """
    texts, labels = data.reviews(sentences)
    tests, wanted = data.reviews(1000)
    words = data.Vocabulary.of(texts)
    bag = data.NGrams(texts, longest=1, ends=False)
    linear = models.LogisticRegression(len(bag.grams), 2)
    linear.fit(bag(texts), labels, standardize=False)
    by_words = _share(linear(bag(tests)), wanted)
    model = models.SentenceCNN(len(words), 2, embedding_dim=32, maps=32)
    history = run.fit(
        "the network",
        model,
        data.DataLoader(data.TensorDataset(words.encode(texts), labels), batch_size=50, shuffle=True),
        CrossEntropyLoss(),
        optim.Adam(model.parameters(), lr=rate),
        epochs,
        validation=data.DataLoader(data.TensorDataset(words.encode(tests), wanted), batch_size=250),
        metrics=[Accuracy()],
        callbacks=[_MaxNorm()],
    )
    found = history["val_accuracy"][-1]
    _draw_answers(run, model, words)
    _draw_accuracy(run, history, by_words)
    head = ("filter", "words", "answer", "speaks for")
    run.table("What makes a filter answer most", head, _phrases(model, words, tests))
    run.number("accuracy of the network", found, expected="near 1")
    run.number("accuracy of the bag of words", by_words, expected="near 0.5")
    run.claim("A bag of words does not better than chance (60 % at most)", by_words <= 0.6, f"{by_words:.1%}")
    run.claim("The network reads nearly every review right (95 % at least)", found >= 0.95, f"{found:.1%}")
    run.say(
        """The bag of words has seen the same reviews, and it is helpless: "good" is as frequent in praise as in blame, because
        of "not". A filter sees three to five words in their order. Some have learned the denial with its adjective, others
        the end of the clause before "but", which is to be discounted. The greatest answer of each filter tells that its phrase
        is there, wherever it stands; the last layer counts the phrases for and against."""
    )


def _share(logits: ag.Tensor, labels: ag.Tensor) -> float:
    return float((logits.argmax(1) == labels).float().mean().item())


def _decisive(model: models.SentenceCNN) -> tuple[Any, Any]:
    """Return the numbers of the filters that count most, and how much each speaks for praise."""
    weights = model.output.weight.detach().numpy()
    votes = weights[1] - weights[0]
    return np.argsort(-np.abs(votes))[:SHOWN], votes


def _phrases(model: models.SentenceCNN, words: data.Vocabulary, texts: list[list[str]]) -> list[tuple[Any, ...]]:
    with ag.no_grad():
        responses = [response.numpy() for response in model.responses(words.encode(texts))]
    maps, rows = responses[0].shape[1], []
    chosen, votes = _decisive(model)
    for number in chosen:
        width, response = model.widths[number // maps], responses[number // maps][:, number % maps]
        text, place = np.unravel_index(response.argmax(), response.shape)
        phrase = " ".join(texts[text][place : place + width])
        rows.append((int(number), phrase, float(response.max()), "praise" if votes[number] > 0 else "blame"))
    return rows


def _draw_answers(run: Run, model: models.SentenceCNN, words: data.Vocabulary) -> None:
    with ag.no_grad():
        responses = np.concatenate([r.numpy()[0] for r in model.responses(words.encode([EXAMPLE]))])  # (maps, L)
    chosen, votes = _decisive(model)
    signed = responses[chosen] * np.sign(votes[chosen])[:, None]
    limit = np.abs(signed).max() or 1.0
    drawn, axes = figures.new(height=4.2)
    picture = axes.imshow(signed, cmap=figures.DIVERGING, vmin=-limit, vmax=limit, aspect="auto")
    axes.grid(visible=False)
    axes.set_xticks(range(len(EXAMPLE)), EXAMPLE, rotation=30, ha="right")
    maps = len(votes) // len(model.widths)
    axes.set_yticks(range(len(chosen)), [f"{model.widths[n // maps]} words" for n in chosen])
    axes.set(xlabel="first word that the filter sees", ylabel="filter", title="A review that does not praise")
    drawn.colorbar(picture, ax=axes, label="answer, + for praise, \N{MINUS SIGN} for blame")
    run.figure(
        "answers",
        drawn,
        "The answers of the eight filters that count most, along a sentence: red where a filter speaks for praise, blue "
        "where it speaks against it. Only the greatest of each row goes on.",
    )


def _draw_accuracy(run: Run, history: Any, by_words: float) -> None:
    drawn, axes = figures.new(height=3.6)
    axes.plot(history["epoch"], history["val_accuracy"], "o-", color=figures.BLUE, label="convolutions")
    axes.axhline(by_words, color=figures.VERMILION, linestyle="--", label="bag of words")
    axes.axhline(0.5, color=figures.GREY, linestyle=":", linewidth=1.5, label="chance")
    axes.set(xlabel="epoch", ylabel="accuracy on other reviews", ylim=(0.4, 1.02))
    axes.legend(loc="center right")
    run.figure("accuracy", drawn, "How many reviews, not seen in training, are read right.")
