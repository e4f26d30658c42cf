"""Row 28: names by language, told apart and made up, letter by letter."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np

import autograd_core as ag
import optim

from ... import data, models
from ...layers import CrossEntropyLoss
from ...module import Module
from ...training import ConfusionMatrix, evaluate
from .. import figures
from ..options import Count, at_least
from ..registry import lesson
from ..run import Run

KINDS = {"RNN": "rnn", "LSTM": "lstm", "GRU": "gru"}
TEMPERATURES = (0.5, 1.0, 1.5)
END = "<end>"
TEST = 1200  # names, to measure the loss on
JUDGE = 100  # names of each language, with which the judge of drawn names is made


@lesson(
    row=28,
    title="Surnames by language",
    question="Can a recurrent network tell from its letters which language a name is of?",
    sources=(
        "Elman, Finding Structure in Time, 1990",
        "Hochreiter & Schmidhuber, Long Short-Term Memory, 1997",
        "Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014",
        "Cavnar & Trenkle, N-Gram-Based Text Categorization, 1994",
    ),
    minutes=2.0,
    quick={"names": 60, "epochs": 10},
)
def surname_languages(
    run: Run,
    *,
    names: Annotated[int, at_least(40, 150), "surnames of each language to learn from"] = 150,
    epochs: Annotated[Count, "times through them"] = 15,
) -> None:
    """Teach an RNN, an LSTM, a GRU and a convolutional network the language of a surname, on as many of each of 14 languages.

    Beside them stands what is simplest: a linear model on the runs of one to three letters that a name has.  All are tested
    on 50 other names of each language.
    """
    train, test = data.surnames().split(names, 50)
    letters = data.Vocabulary.of(train.names)
    tokens, seen = letters.encode(test.names), len(train.languages)
    models_of: dict[str, Module] = {
        name: models.RecurrentClassifier(len(letters), seen, kind, dropout=0.5) for name, kind in KINDS.items()
    }
    models_of["convolutions"] = models.SentenceCNN(len(letters), seen, 32, 64, (2, 3, 4))
    loader = data.DataLoader(data.TensorDataset(letters.encode(train.names), train.labels), batch_size=32, shuffle=True)
    confusions = {}
    for name, model in models_of.items():
        optimizer = optim.Adam(model.parameters(), lr=3e-3)
        run.fit(name, model, loader, CrossEntropyLoss(), optimizer, epochs)
        figures_of = evaluate(model, [(tokens, test.labels)], metrics=[ConfusionMatrix(seen)])
        confusions[name] = figures_of["confusion"]
    confusions["n-grams, linear"] = _by_ngrams(train, test)
    accuracy = {name: float(np.trace(matrix) / matrix.sum()) for name, matrix in confusions.items()}
    recurrent = max(KINDS, key=lambda name: accuracy[name])
    _draw_confusion(run, confusions[recurrent], recurrent, train.languages)
    _draw_by_language(run, confusions[recurrent], confusions["n-grams, linear"], recurrent, train.languages)
    rows = []
    for language, *counts in zip(train.languages, *(np.diag(m) for m in confusions.values()), strict=True):
        rows.append((language, *(count / 50 for count in counts)))
    rows.append(("all", *accuracy.values()))
    run.table(f"Accuracy by language, {names} names of each to learn from", ("language", *confusions), rows)
    for name, value in accuracy.items():
        run.number(f"accuracy: {name}", value, expected="chance is 0.07")
    worst, linear = min(accuracy.values()), accuracy["n-grams, linear"]
    run.claim(
        "Every one tells four times as many names right as chance, 7 %, would (29 % at least)",
        worst >= 4 / seen,
        f"{worst:.0%} at least",
    )
    gated = max(accuracy["LSTM"], accuracy["GRU"])
    run.claim(
        "On so few names the simple linear model on n-grams is not beaten by a gated network by more than 5 points",
        linear >= gated - 0.05,
        f"n-grams {linear:.1%}, LSTM or GRU {gated:.1%}",
    )
    winner = max(accuracy, key=lambda name: accuracy[name])
    told = np.diag(confusions[recurrent])
    best, hardest = (train.languages[i] for i in (int(told.argmax()), int(told.argmin())))
    run.say(
        f"""The {recurrent} tells {best} names best and {hardest} ones worst. Languages that are kin, as Czech and Slovak, are
        taken for one another, and so they should be: some spellings are at home in both, and there no model can do better
        than guess. Best of all here: {winner}, with {accuracy[winner]:.0%}. A few hundred names are too few for a network to
        learn more from letters than which runs of two and three of them are typical, and these the linear model is given."""
    )


def _by_ngrams(train: data.SurnameDataset, test: data.SurnameDataset) -> Any:
    bag, judge = ngram_judge(train)
    return evaluate(judge, [(bag(test.names), test.labels)], metrics=[ConfusionMatrix(len(train.languages))])[
        "confusion"
    ]


def ngram_judge(train: data.SurnameDataset) -> tuple[data.NGrams, models.LogisticRegression]:
    """Return a linear model of the languages of *train*, and the bag of n-grams that it reads."""
    bag = data.NGrams(train.names, least=3)
    judge = models.LogisticRegression(len(bag.grams), len(train.languages))
    judge.fit(bag(train.names), train.labels, penalty=3e-3, standardize=False, tolerance=1e-3, iterations=100)
    return bag, judge


def _draw_confusion(run: Run, matrix: Any, name: str, languages: tuple[str, ...]) -> None:
    drawn, axes = figures.new(height=6.4)
    shares = matrix / matrix.sum(1, keepdims=True)
    picture = axes.imshow(shares, cmap=figures.SEQUENTIAL, vmin=0, vmax=1)
    axes.grid(visible=False)
    axes.set_xticks(range(len(languages)), languages, rotation=45, ha="right")
    axes.set_yticks(range(len(languages)), languages)
    axes.set(xlabel="taken for", ylabel="is", title=f"{name}: which language is taken for which")
    for i, j in zip(*np.nonzero(shares >= 0.06), strict=True):
        ink = figures.ON_LIGHT if shares[i, j] > 0.6 else figures.ON_DARK
        axes.text(j, i, f"{shares[i, j]:.0%}", ha="center", va="center", color=ink, fontsize=8)
    drawn.colorbar(picture, ax=axes, label="share of the names of the row")
    run.figure("confusion", drawn, "The share of the names of each language, by the language that they are taken for.")


def _draw_by_language(run: Run, network: Any, ngrams: Any, name: str, languages: tuple[str, ...]) -> None:
    order = np.argsort(-np.diag(network))
    drawn, axes = figures.new(height=4)
    places = np.arange(len(languages))
    for shift, matrix, colour, label in (
        (-0.2, network, figures.BLUE, name),
        (0.2, ngrams, figures.ORANGE, "n-grams, linear"),
    ):
        axes.bar(places + shift, np.diag(matrix)[order] / 50, 0.38, color=colour, label=label)
    axes.axhline(1 / len(languages), color=figures.GREY, linestyle=":", linewidth=1.5, label="chance")
    axes.set_xticks(places, [languages[i] for i in order], rotation=45, ha="right")
    axes.set(ylabel="accuracy on 50 other names", ylim=(0, 1))
    axes.legend(loc="upper right", ncols=3)
    run.figure("languages", drawn, "The share of names that are told right, by language.")


@lesson(
    row=28,
    title="Surnames made up",
    question="What does a network that only guesses the next letter know of a language?",
    sources=("Sutskever, Martens & Hinton, Generating Text with Recurrent Neural Networks, 2011",),
    minutes=2.5,
    quick={"names": 3000, "epochs": 4, "draws": 20},
)
def surname_samples(
    run: Run,
    *,
    names: Annotated[int, at_least(3000, 11000), "surnames to learn from"] = 11000,
    epochs: Annotated[Count, "times through them"] = 5,
    draws: Annotated[int, at_least(20), "names to make up of each language, for each temperature"] = 60,
) -> None:
    """Teach an RNN, an LSTM and a GRU to guess the next letter of a surname, and let the best make up names.

    Each language has a token of its own, with which its names begin.  The loss is measured on 1,200 other names.  A linear
    model of n-grams, taught with real names, judges which language the drawn ones are of.
    """
    found = data.surnames()
    letters = data.Vocabulary([END, *found.languages, *data.Vocabulary.of(found.names).tokens[2:]])
    tokens = letters.encode(
        [[found.languages[label], *name, END] for name, label in zip(found.names, found.labels.tolist(), strict=True)]
    )
    places = ag.default_generator.numpy.permutation(len(found))
    train, test = (_shifted(tokens[part]) for part in (places[TEST : TEST + names], places[:TEST]))
    loader = data.DataLoader(train, batch_size=64, shuffle=True)
    histories, made = {}, {}
    for name, kind in KINDS.items():
        made[name] = model = models.RecurrentLanguageModel(len(letters), kind)
        histories[name] = run.fit(
            name, model, loader, models.next_token_loss, optim.Adam(model.parameters(), lr=3e-3), epochs,
            validation=data.DataLoader(test, batch_size=400),
        )  # fmt: skip
    bits = {name: history["val_loss"][-1] / math.log(2) for name, history in histories.items()}
    unigram = _entropy(train.tensors[1], test.tensors[1])
    best = min(bits, key=lambda name: bits[name])
    bag, judge = ngram_judge(found.split(JUDGE, 50)[0])
    kept, shares, rows = set(found.names), {}, []
    for temperature in run.track(TEMPERATURES, "drawing"):
        right = real = 0
        for number, language in enumerate(found.languages):
            start = ag.full((draws,), letters.numbers[language], dtype=ag.int64)
            texts = made[best].sample(start, letters.numbers[END], temperature=temperature)
            drawn = ["".join(letters.tokens[token] for token in text) for text in texts]
            right += int((judge(bag(drawn)).argmax(1) == number).sum().item())
            real += sum(name in kept for name in drawn)
            if temperature == 1:
                rows.append((language, ", ".join(list(dict.fromkeys(n for n in drawn if n and n not in kept))[:5])))
        total = draws * len(found.languages)
        shares[temperature] = (right / total, real / total)
    _draw_loss(run, histories, unigram)
    _draw_temperatures(run, shares)
    run.table(f"Made up by the {best}, at temperature 1, and in no list", ("language", "names"), rows)
    run.table(
        "Bits a letter on other names", ("network", "bits"), [*bits.items(), ("frequencies of the letters", unigram)]
    )
    cool, hot = shares[TEMPERATURES[0]], shares[TEMPERATURES[-1]]
    run.claim(
        "Every network needs at most 80 % of the bits that the frequencies of the letters need",
        max(bits.values()) <= 0.8 * unigram,
        f"{max(bits.values()):.2f} against {unigram:.2f}",
    )
    run.claim(
        "Drawn names are of the language that was asked for, as the judge sees it, four times as often as by chance, 7 %",
        shares[1.0][0] >= 4 / len(found.languages),
        f"{shares[1.0][0]:.0%} at temperature 1",
    )
    run.claim(
        "A low temperature keeps to the language, and to real names, more than a high one",
        cool[0] > hot[0] and cool[1] > hot[1],
        f"right {cool[0]:.0%} and {hot[0]:.0%}, real {cool[1]:.0%} and {hot[1]:.0%}",
    )
    run.say(
        """The network was told nothing of endings, prefixes or vowels. It guesses letter after letter, and yet Irish names come
        out with their O and Mac, Italian ones end in vowels, and Slovak women's names in -ová. At a low temperature it repeats
        what is most common, and now and then a name that exists; at a high one letters fall out of their language."""
    )


def _shifted(tokens: ag.Tensor) -> data.TensorDataset:
    """Return texts without their last place, and without their first: at each place the token that follows."""
    return data.TensorDataset(tokens[:, :-1], tokens[:, 1:])


def _entropy(train: ag.Tensor, test: ag.Tensor) -> float:
    """Return the bits that a token of *test* costs, where only the frequencies in *train* are known."""
    counts = np.bincount(train.numpy().ravel(), minlength=int(test.numpy().max()) + 1) + 1.0
    counts[0] = 0
    there = test.numpy()[test.numpy() != 0]
    return float(-np.log2(counts[there] / counts.sum()).mean())


def _draw_loss(run: Run, histories: dict[str, Any], unigram: float) -> None:
    drawn, axes = figures.new(height=3.8)
    for (name, history), marker in zip(histories.items(), ("o-", "s--", "^-."), strict=True):
        axes.plot(history["epoch"], np.array(history["val_loss"]) / math.log(2), marker, label=name)
    axes.axhline(unigram, color=figures.GREY, linestyle=":", linewidth=1.5, label="frequencies of the letters")
    axes.set(xlabel="epoch", ylabel="bits a letter, on other names")
    axes.legend()
    run.figure("loss", drawn, "How many bits the next letter costs, on names that were not learned.")


def _draw_temperatures(run: Run, shares: dict[float, tuple[float, float]]) -> None:
    drawn, axes = figures.new(height=3.6)
    places = np.arange(len(shares))
    for shift, column, colour, label in (
        (-0.2, 0, figures.BLUE, "of the language asked for, says the judge"),
        (0.2, 1, figures.ORANGE, "a real name, in the lists"),
    ):
        axes.bar(places + shift, [share[column] for share in shares.values()], 0.38, color=colour, label=label)
    axes.axhline(1 / 14, color=figures.GREY, linestyle=":", linewidth=1.5, label="chance of the language")
    axes.set_xticks(places, [f"{temperature:g}" for temperature in shares])
    axes.set(xlabel="temperature", ylabel="share of the drawn names", ylim=(0, 1))
    axes.legend()
    run.figure("temperature", drawn, "What the temperature does to names that are drawn, over all languages.")
