"""Texts as numbers, surnames, made-up reviews, and the networks that read them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
from nn import data, models, training

LETTERS = data.Vocabulary("abcdefg")
TOKENS = LETTERS.encode(["abcdefg", "gab", "c"])


# ------------------------------------------------------------------------------------------------------------- data


def test_a_vocabulary_knows_what_it_was_given() -> None:
    words = data.Vocabulary.of([["so", "good"], ["so", "bad"]])
    encoded = words.encode([["so", "what"], ["bad"], []])
    assert encoded.tolist() == [[words.numbers["so"], 1], [words.numbers["bad"], 0], [0, 0]]
    assert words.decode(encoded[0]) == ["so", "\N{REPLACEMENT CHARACTER}"]
    assert words.encode([]).shape == (0, 0)
    assert len(data.Vocabulary("aab")) == 4
    for wrong in ("", ["a", ""]):
        with pytest.raises(ag.errors.ArgumentError, match="Vocabulary: tokens holds"):
            data.Vocabulary(wrong)
    with pytest.raises(ag.errors.ArgumentError, match=r"texts='cab', expected a list of texts; use \[texts\]"):
        words.encode("cab")
    with pytest.raises(ag.errors.ShapeError, match="decode row by row"):
        words.decode(encoded)


def test_ngrams_are_those_of_the_training_texts() -> None:
    bag = data.NGrams(["ab", "ab", "c"], longest=2, least=2)
    assert bag.grams == (("<",), (">",), ("a",), ("b",), ("<", "a"), ("a", "b"), ("b", ">"))
    assert bag(["abab", "", "zz"]).tolist() == [[1] * 7, [1, 1, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0]]
    assert bag([]).shape == (0, 7)
    with pytest.raises(ag.errors.ArgumentError, match="no run of tokens occurs in least=2 of the 0 texts"):
        data.NGrams([])
    with pytest.raises(ag.errors.ArgumentError, match="longest=0, least=2, expected 1 or more each"):
        data.NGrams(["a"], longest=0)


def test_surnames_are_split_evenly_and_apart() -> None:
    names = data.surnames()
    assert np.bincount(names.labels.numpy()).tolist() == [len(names.of(language)) for language in names.languages]
    assert names.of("Irish")[0] == "A tSithigh"
    train, test = names.split(150, 50, ag.Generator(3))
    for part, count in ((train, 150), (test, 50)):
        assert np.bincount(part.labels.numpy()).tolist() == [count] * 14
        assert all(name in names.of(names.languages[label]) for name, label in part)
    assert not set(train) & set(test)
    again, other = names.split(150, 50, ag.Generator(3)), names.split(150, 50, ag.Generator(4))
    assert again[0].names == train.names != other[0].names
    with pytest.raises(ag.errors.ArgumentError, match="train=190 and test=20, expected 1 or more each, and 200 in all"):
        names.split(190, 20)
    with pytest.raises(ag.errors.ArgumentError, match="language='Klingon': expected one of Croatian, Czech"):
        names.of("Klingon")
    with pytest.raises(ag.errors.ShapeError, match=r"labels has shape \(1,\), expected \(2,\)"):
        data.SurnameDataset(["a", "b"], ag.tensor([0]), ("x",))


def test_no_word_of_a_review_tells_its_label() -> None:
    texts, labels = data.reviews(20_000, ag.Generator(0))
    assert labels.float().mean().item() == 0.5
    good = np.array([label == 1 for label in labels.tolist()])
    for word in sorted({word for text in texts for word in text}):
        has = np.array([word in text for text in texts])
        assert abs(good[has].mean() - 0.5) < 4 * 0.5 / has.sum() ** 0.5, word
    with pytest.raises(ag.errors.ArgumentError, match="reviews: n=0"):
        data.reviews(0)


def test_the_label_of_a_review_is_what_its_last_clause_says() -> None:
    from nn.data.reviews import GOOD

    for text, label in zip(*data.reviews(300, ag.Generator(1)), strict=True):
        clauses = " ".join(text).replace(" but ", "|").replace(" and ", "|").split("|")
        signs = [(clause.split()[-1] in GOOD) != ("not" in clause.split()) for clause in clauses]
        assert signs[-1] == label
        assert len(signs) == 1 or (signs[0] == signs[1]) == ("and" in text)


def test_recall_asks_for_the_first_token() -> None:
    tokens, answers = data.recall(500, 7, symbols=3, generator=ag.Generator(0)).tensors
    assert (tokens[:, 0] - 1).tolist() == answers.tolist()
    assert sorted(set(tokens.flatten().tolist())) == [1, 2, 3]
    with pytest.raises(ag.errors.ArgumentError, match="length=0"):
        data.recall(1, 0)


# --------------------------------------------------------------------------------------------------------- networks


def networks() -> list[Any]:
    kinds = [(models.RecurrentClassifier, {"kind": kind, "hidden_size": 6}) for kind in ("rnn", "lstm", "gru")]
    both = (models.RecurrentClassifier, {"bidirectional": True, "num_layers": 2, "hidden_size": 5})
    return [*kinds, both, (models.SentenceCNN, {"maps": 4})]


@pytest.mark.parametrize(("network", "options"), networks())
def test_what_a_text_gives_does_not_depend_on_the_batch(network: Any, options: dict[str, Any]) -> None:
    ag.manual_seed(0)
    for dtype in (ag.float32, ag.float64):
        model = network(len(LETTERS), 4, embedding_dim=3, **options).to(dtype).eval()
        together = model(TOKENS)
        assert together.shape == (3, 4)
        assert together.dtype == dtype
        for row, text in enumerate(["abcdefg", "gab", "c"]):
            alone = model(LETTERS.encode([text]))[0]
            np.testing.assert_allclose(together[row].detach().numpy(), alone.detach().numpy(), rtol=1e-5, atol=1e-6)
    together.square().sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    assert not model.embedding.weight.grad.numpy()[0].any()  # padding learns nothing


@pytest.mark.parametrize(("network", "options"), networks())
def test_networks_refuse_what_is_no_text(network: Any, options: dict[str, Any]) -> None:
    model = network(len(LETTERS), 4, **options)
    with pytest.raises(ag.errors.ArgumentError, match="row 1 of input is empty; leave empty texts out"):
        model(LETTERS.encode(["a", ""]))
    with pytest.raises(ag.errors.ArgumentError, match="row 0 of input has 0, which is padding, before a token"):
        model(ag.tensor([[2, 0, 3]]))
    with pytest.raises(ag.errors.ShapeError, match=r"expects \(N, L\), the numbers of tokens, got \(3,\)"):
        model(ag.tensor([2, 3, 4]))
    with pytest.raises(ag.errors.ShapeError, match=r"expects \(N, L\)"):
        model(ag.zeros(0, 3, dtype=ag.int64))
    with pytest.raises(ag.errors.DtypeError, match="input of integers"):
        model(ag.ones(2, 3))


def test_options_of_networks_are_checked() -> None:
    with pytest.raises(ag.errors.ArgumentError, match="kind='lstn', expected one of 'rnn', 'lstm', 'gru'"):
        models.RecurrentClassifier(4, 2, kind="lstn")
    with pytest.raises(ag.errors.ArgumentError, match="widths=0"):
        models.SentenceCNN(4, 2, widths=(3, 0))
    with pytest.raises(ag.errors.ArgumentError, match=r"widths=\(\), expected one or more"):
        models.SentenceCNN(4, 2, widths=())


def test_memory_opens_the_gates_that_keep() -> None:
    for kind, rest in (("lstm", 3), ("gru", 2)):
        model = models.RecurrentClassifier(5, 2, kind, 3, 4, memory=11)
        sums = (model.recurrent.bias_ih_l0 + model.recurrent.bias_hh_l0).sigmoid().detach().numpy().reshape(rest + 1, 4)
        np.testing.assert_allclose(sums[1], 1 - 1 / 11, rtol=1e-5)
        assert abs(np.delete(sums, 1, 0) - 0.5).max() < 0.25
    for kind, memory in (("rnn", 5), ("lstm", 1), ("gru", float("inf"))):
        with pytest.raises(ag.errors.ArgumentError, match=f"memory={memory} with kind='{kind}', expected a number"):
            models.RecurrentClassifier(5, 2, kind, memory=memory)


def test_kims_network_is_the_greatest_answer_of_each_filter() -> None:
    ag.manual_seed(1)
    model = models.SentenceCNN(len(LETTERS), 2, embedding_dim=3, maps=2, widths=(2, 3)).eval()
    assert sum(p.numel() for p in models.SentenceCNN(1000, 2).parameters()) == 1000 * 300 + 300 * 100 * 12 + 300 + 602
    tokens = TOKENS[0].tolist()
    table = model.embedding.weight.detach().numpy()
    features = []
    for width, convolution in zip((2, 3), model.convolutions, strict=True):
        weight, bias = convolution.weight.detach().numpy(), convolution.bias.detach().numpy()
        rows = np.concatenate([table[tokens], np.zeros((width - 1, 3))])  # (L + width - 1, 3)
        for out in range(2):
            answers = [
                sum(weight[out, e, k] * rows[t + k, e] for k in range(width) for e in range(3)) + bias[out]
                for t in range(len(tokens))
            ]
            features.append(max(0.0, *answers))
    expected = model.output.weight.detach().numpy() @ np.array(features) + model.output.bias.detach().numpy()
    np.testing.assert_allclose(model(TOKENS[:1])[0].detach().numpy(), expected, rtol=1e-4, atol=1e-6)


def test_the_classifier_is_pytorchs(torch: Any) -> None:
    ag.manual_seed(0)
    for kind, layer in (("rnn", torch.nn.RNN), ("lstm", torch.nn.LSTM), ("gru", torch.nn.GRU)):
        model = models.RecurrentClassifier(len(LETTERS), 4, kind, 3, 5)
        other = layer(3, 5, batch_first=True)
        other.load_state_dict({name: torch.tensor(p.numpy()) for name, p in model.recurrent.state_dict().items()})
        embedded = torch.tensor(model.embedding(TOKENS).detach().numpy())
        packed = torch.nn.utils.rnn.pack_padded_sequence(embedded, [7, 3, 1], batch_first=True)
        state = other(packed)[1]
        last = (state[0] if kind == "lstm" else state)[-1].detach().numpy()
        expected = last @ model.output.weight.detach().numpy().T + model.output.bias.detach().numpy()
        np.testing.assert_allclose(model(TOKENS).detach().numpy(), expected, rtol=1e-4, atol=1e-5)


# --------------------------------------------------------------------------------------------------- language model


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_a_language_model_learns_a_text_by_heart(kind: str) -> None:
    import optim

    ag.manual_seed(0)
    tokens = ag.tensor([[2, 4, 5, 6, 4, 3], [3, 6, 5, 4, 3, 0]])  # begin with 2 or 3, end with 3
    model = models.RecurrentLanguageModel(7, kind, embedding_dim=8, hidden_size=16)
    optimizer = optim.Adam(model.parameters(), lr=0.03)
    training.fit(model, [(tokens[:, :-1], tokens[:, 1:])], models.next_token_loss, optimizer, 80, progress="none")
    assert model.sample(ag.tensor([2, 3, 2]), 3, temperature=0.1) == [[4, 5, 6, 4], [6, 5, 4], [4, 5, 6, 4]]
    logits = model(tokens[1:, :-1])
    alone = model(tokens[1:, :4])
    np.testing.assert_allclose(logits[:, :4].detach().numpy(), alone.detach().numpy(), rtol=1e-4, atol=1e-5)


def test_samples_follow_temperature_and_generator() -> None:
    ag.manual_seed(0)
    model = models.RecurrentLanguageModel(9, hidden_size=12)
    start = ag.full((200,), 2, dtype=ag.int64)

    def draw(seed: int, **options: Any) -> list[list[int]]:
        return model.sample(start, 1, generator=ag.Generator(seed), max_length=6, **options)

    assert draw(1) == draw(1) != draw(2)
    assert all(0 not in text and 1 not in text and len(text) <= 6 for text in draw(1))
    first = [np.bincount([t[0] for t in draw(0, temperature=heat) if t], minlength=9) for heat in (0.02, 1.0, 100.0)]
    assert [int((counts > 0).sum()) for counts in first] == sorted(int((counts > 0).sum()) for counts in first)
    assert (first[0] > 0).sum() < 7 == (first[2] > 0).sum()
    assert model.sample(start[:0], 1) == []
    for wrong in ({"temperature": 0.0}, {"temperature": float("nan")}):
        with pytest.raises(ag.errors.ArgumentError, match="expected a temperature above 0"):
            draw(0, **wrong)
    with pytest.raises(ag.errors.ArgumentError, match="and end=0"):
        model.sample(start, 0)
    with pytest.raises(IndexError, match="start holds 9"):
        model.sample(ag.tensor([9]), 1)
    with pytest.raises(ag.errors.ShapeError, match="the first token of each text"):
        model.sample(ag.tensor([[2]]), 1)


def test_padding_does_not_count_in_the_loss() -> None:
    logits = ag.randn(2, 3, 5, generator=ag.Generator(0))
    targets = ag.tensor([[1, 2, 0], [3, 0, 0]])
    rows = nn.functional.log_softmax(logits, 2).numpy()
    expected = -(rows[0, 0, 1] + rows[0, 1, 2] + rows[1, 0, 3]) / 3
    assert models.next_token_loss(logits, targets).item() == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ag.errors.ShapeError, match=r"expects \(2, 3\), a token for each place"):
        models.next_token_loss(logits, targets[:, :2])


# ------------------------------------------------------------------------------------------------ gradient through time


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
@pytest.mark.parametrize("batch_first", [False, True])
def test_gradient_through_time_is_that_of_the_state(kind: Any, batch_first: bool) -> None:
    ag.manual_seed(0)
    layer = kind(2, 3, batch_first=batch_first).double()
    x = ag.randn(4, 1, 2, dtype=ag.float64)
    given = x.transpose(0, 1) if batch_first else x
    norms = training.gradient_through_time(layer, given, lambda h: (h * h).sum())
    assert norms.shape == (4,)

    def rest(state: Any, t: int) -> float:  # the loss, from the state after step t on
        for step in range(t, 4):
            _, state = layer(given.narrow(int(batch_first), step, 1), state)
        h = state[0] if isinstance(state, tuple) else state
        return float((h[-1] * h[-1]).sum().item())

    state: Any = None
    for t in range(1, 5):
        _, state = layer(given.narrow(int(batch_first), t - 1, 1), state)
        parts = [part.detach() for part in (state if isinstance(state, tuple) else (state,))]
        square = 0.0
        for i in range(len(parts)):
            for j in range(3):
                sides = []
                for shift in (1e-6, -1e-6):
                    moved = [p.clone() for p in parts]
                    moved[i].array[0, 0, j] += shift
                    sides.append(rest(tuple(moved) if len(parts) > 1 else moved[0], t))
                square += ((sides[0] - sides[1]) / 2e-6) ** 2
        assert norms[t - 1] == pytest.approx(square**0.5, rel=1e-5)
    for p in layer.parameters():
        p.requires_grad_(False)
    with ag.no_grad():
        np.testing.assert_array_equal(training.gradient_through_time(layer, given, lambda h: (h * h).sum()), norms)


def test_gradient_through_time_refuses() -> None:
    with pytest.raises(ag.errors.ArgumentError, match="layer=Linear, expected an RNN, LSTM or GRU"):
        training.gradient_through_time(nn.Linear(2, 2), ag.ones(3, 1, 2), ag.sum)  # type: ignore[arg-type]
    with pytest.raises(ag.errors.ArgumentError, match="that reads in one direction"):
        training.gradient_through_time(nn.RNN(2, 2, bidirectional=True), ag.ones(3, 1, 2), ag.sum)
    with pytest.raises(ag.errors.ShapeError, match=r"expects \(T, N, I\)"):
        training.gradient_through_time(nn.RNN(2, 2), ag.ones(0, 1, 2), ag.sum)
    with pytest.raises(ag.errors.ShapeError, match="the sum over the batch"):
        training.gradient_through_time(nn.RNN(2, 2), ag.ones(3, 1, 2), lambda h: h)
