"""Networks that read text: convolutions over a sentence, a recurrent classifier, and a recurrent language model.

Texts come as the numbers of their tokens, (N, L) int64, padded with 0 behind, as ``nn.data.Vocabulary`` makes them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .. import functional as F
from ..layers import GRU, LSTM, RNN, Conv1d, Dropout, Embedding, Linear, ModuleList
from ..module import Module
from ..sequence import pack_padded_sequence, pad_packed_sequence

__all__ = ["RecurrentClassifier", "RecurrentLanguageModel", "SentenceCNN", "next_token_loss"]

KINDS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


def _lengths(name: str, tokens: Tensor) -> Tensor:
    """Return the length of each row, (N,); raise unless *tokens* are (N, L), none empty, and all padding is behind."""
    expect.indices(name, tokens, "input")
    if tokens.ndim != 2 or not tokens.numel():
        raise expect.shape_error(name, tokens, "(N, L), the numbers of tokens", "use Vocabulary.encode(texts)")
    there = tokens.array != 0
    lengths = there.sum(1)
    if not lengths.all():
        row = int(np.flatnonzero(lengths == 0)[0])
        raise ag.errors.ArgumentError(f"{expect.place(name)}: row {row} of input is empty; leave empty texts out")
    if (there[:, 1:] > there[:, :-1]).any():
        row = int(np.flatnonzero((there[:, 1:] > there[:, :-1]).any(1))[0])
        raise ag.errors.ArgumentError(
            f"{expect.place(name)}: row {row} of input has 0, which is padding, before a token; pad behind: use "
            "Vocabulary.encode(texts)"
        )
    return ag.from_numpy(lengths)


class SentenceCNN(Module):
    r"""Kim's network: filters over runs of words, the greatest answer of each, and a linear layer.

    A filter of width w answers :math:`c_t = relu(W x_{t:t+w} + b)` at each place; it passes on :math:`\max_t c_t` alone, so
    it says that its phrase is there, not where.  Tokens (N, L) give logits (N, num_classes), however far a batch is padded.
    In the paper the rows of ``output.weight`` are kept at a norm of 3 at most, which is the training's part:
    ``optim.max_norm_(model.output.weight, 3.0)`` after each step.
    Source: Kim, "Convolutional Neural Networks for Sentence Classification", 2014, whose defaults these are.

    >>> import nn
    >>> words = nn.data.Vocabulary.of([["so", "good"], ["so", "bad"]])
    >>> model = nn.models.SentenceCNN(len(words), 2, embedding_dim=8, maps=4)
    >>> model(words.encode([["so", "so", "good"], ["bad"]])).shape
    (2, 2)
    """

    def __init__(
        self,
        num_tokens: int,
        num_classes: int,
        embedding_dim: int = 300,
        maps: int = 100,
        widths: Sequence[int] = (3, 4, 5),
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        name = self._get_name()
        expect.size(name, num_tokens=num_tokens, num_classes=num_classes, embedding_dim=embedding_dim, maps=maps)
        if not widths:
            raise ag.errors.ArgumentError(
                f"{name}: widths={widths!r}, expected one or more; pass for example (3, 4, 5)"
            )
        for width in widths:
            expect.size(name, widths=width)
        self.widths = tuple(widths)
        self.embedding = Embedding(num_tokens, embedding_dim, padding_idx=0)
        self.convolutions = ModuleList([Conv1d(embedding_dim, maps, width) for width in self.widths])
        self.dropout = Dropout(dropout)
        self.output = Linear(maps * len(self.widths), num_classes)

    def responses(self, input: Tensor) -> list[Tensor]:
        """Return each width's answers, (N, maps, L): that of a filter to the words from each place on; 0 in the padding."""
        lengths = _lengths(self._get_name(), input)
        inside = ag.arange(input.shape[1]) < lengths.unsqueeze(1)  # (N, L)
        embedded = self.embedding(input).transpose(1, 2)  # (N, embedding_dim, L)
        # padded so that there is a window at each word: then no answer depends on the other sentences of the batch
        return [
            F.relu(convolution(F.pad(embedded, (0, width - 1)))) * inside.unsqueeze(1)
            for width, convolution in zip(self.widths, self.convolutions, strict=True)
        ]

    def forward(self, input: Tensor) -> Tensor:
        pooled = [response.amax(2) for response in self.responses(input)]
        return self.output(self.dropout(ag.cat(pooled, 1)))


class _Recurrent(Module):
    """An embedding and a recurrent layer: what the two recurrent networks have in common."""

    def __init__(
        self,
        num_tokens: int,
        kind: str,
        embedding_dim: int,
        hidden_size: int,
        num_layers: int,
        bidirectional: bool,
        memory: float | None,
    ) -> None:
        super().__init__()
        name = self._get_name()
        if kind not in KINDS:
            raise ag.errors.ArgumentError(f"{name}: kind={kind!r}, expected one of {', '.join(map(repr, KINDS))}")
        expect.size(name, num_tokens=num_tokens, embedding_dim=embedding_dim)
        self.kind = kind
        self.embedding = Embedding(num_tokens, embedding_dim, padding_idx=0)
        self.recurrent = KINDS[kind](
            embedding_dim, hidden_size, num_layers, batch_first=True, bidirectional=bidirectional
        )
        if memory is not None:
            self._remember(name, memory)

    @ag.no_grad()
    def _remember(self, name: str, memory: float) -> None:
        """Set the gates that keep the state, an LSTM's forget and a GRU's update gate, to 1 - 1 / *memory*."""
        if self.kind == "rnn" or not 1 < memory < math.inf:
            raise ag.errors.ArgumentError(
                f"{name}: memory={memory!r} with kind={self.kind!r}, expected a number of steps above 1, and gates to set; use "
                "'lstm' or 'gru'"
            )
        gate = slice(self.recurrent.hidden_size, 2 * self.recurrent.hidden_size)  # the second in PyTorch's order
        for parameter_name, p in self.recurrent.named_parameters():
            if parameter_name.startswith("bias"):  # there are two, which are added
                p[gate] = math.log(memory - 1) / 2


class RecurrentClassifier(_Recurrent):
    """Read a text token by token, and name its class from the last state: (N, L) gives (N, num_classes).

    *kind* is "rnn", "lstm" or "gru".  Padding is packed away: it is never read.  With *bidirectional* a second layer reads
    from the end.  With *memory*, the gates of an LSTM or a GRU begin so wide open that the state fades over about as many
    steps (Tallec & Ollivier, "Can Recurrent Neural Networks Warp Time?", 2018); otherwise over one or two.
    Sources: Elman, "Finding Structure in Time", 1990; Hochreiter & Schmidhuber, "Long Short-Term Memory",
    1997; Cho et al., "Learning Phrase Representations", 2014.

    >>> import nn
    >>> letters = nn.data.Vocabulary("abc")
    >>> nn.models.RecurrentClassifier(len(letters), 4, kind="lstm")(letters.encode(["cab", "a"])).shape
    (2, 4)
    """

    def __init__(
        self,
        num_tokens: int,
        num_classes: int,
        kind: str = "gru",
        embedding_dim: int = 32,
        hidden_size: int = 128,
        num_layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        memory: float | None = None,
    ) -> None:
        super().__init__(num_tokens, kind, embedding_dim, hidden_size, num_layers, bidirectional, memory)
        expect.size(self._get_name(), num_classes=num_classes)
        self.dropout = Dropout(dropout)
        self.output = Linear(hidden_size * (2 if bidirectional else 1), num_classes)

    def forward(self, input: Tensor) -> Tensor:
        lengths = _lengths(self._get_name(), input)
        packed = pack_padded_sequence(self.embedding(input), lengths, batch_first=True, enforce_sorted=False)
        _, state = self.recurrent(packed)
        last = state[0] if self.kind == "lstm" else state  # (layers * directions, N, hidden_size)
        ends = list(last[-2:]) if self.recurrent.bidirectional else [last[-1]]
        return self.output(self.dropout(ag.cat(ends, 1)))


class RecurrentLanguageModel(_Recurrent):
    r"""Say which token follows: tokens (N, L) give logits (N, L, num_tokens), those at t after reading t + 1 tokens.

    Texts are drawn by ``sample``, token by token, from :math:`softmax(logits / temperature)`.  A text begins with a token of
    its own, which may say what kind of text it is to be.
    Source: Sutskever, Martens & Hinton, "Generating Text with Recurrent Neural Networks", 2011.

    >>> import nn
    >>> model = nn.models.RecurrentLanguageModel(5, kind="gru", hidden_size=8)
    >>> model(ag.tensor([[2, 3, 4], [2, 4, 0]])).shape
    (2, 3, 5)
    """

    def __init__(
        self,
        num_tokens: int,
        kind: str = "gru",
        embedding_dim: int = 32,
        hidden_size: int = 128,
        num_layers: int = 1,
    ) -> None:
        super().__init__(num_tokens, kind, embedding_dim, hidden_size, num_layers, False, None)
        self.output = Linear(hidden_size, num_tokens)

    def forward(self, input: Tensor) -> Tensor:
        lengths = _lengths(self._get_name(), input)
        packed = pack_padded_sequence(self.embedding(input), lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.recurrent(packed)[0], batch_first=True, total_length=input.shape[1])
        return self.output(states)

    @ag.no_grad()
    def sample(
        self,
        start: Tensor,
        end: int,
        *,
        temperature: float = 1.0,
        max_length: int = 40,
        generator: ag.Generator | None = None,
    ) -> list[list[int]]:
        """Draw a text for each token in *start* (N,); return the numbers of its tokens, without *start* and *end*.

        A low *temperature* keeps to what is likely, a high one dares more; at 1 texts are as likely as the model says.  What
        has not ended by *max_length* is cut.  Padding is never drawn.
        """
        name = f"{self._get_name()}.sample"
        expect.indices(name, start, "start")
        if start.ndim != 1:
            raise expect.shape_error(name, start, "(N,), the first token of each text", "use start.flatten()")
        expect.in_range(name, start, self.output.out_features, "start", "tokens", "use those of the vocabulary")
        expect.size(name, max_length=max_length)
        if not 0 < temperature < math.inf or not 0 < end < self.output.out_features:
            raise ag.errors.ArgumentError(
                f"{name}: temperature={temperature!r} and end={end!r}, expected a temperature above 0, and a token from 1 to "
                f"{self.output.out_features - 1}"
            )
        texts: list[list[int]] = [[] for _ in range(len(start))]
        tokens, state, going = start, None, np.ones(len(start), bool)
        while going.any() and max(map(len, texts)) < max_length:
            hidden, state = self.recurrent(self.embedding(tokens.unsqueeze(1)), state)
            scores = self.output(hidden[:, 0]) / temperature
            scores[:, 0] = -math.inf
            tokens = ag.multinomial(F.softmax(scores, 1), 1, generator=generator)[:, 0]
            going &= tokens.array != end
            for text, token, goes in zip(texts, tokens.tolist(), going, strict=True):
                text.extend([token] * int(goes))
        return texts


def next_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross entropy of (N, L, num_tokens) with the tokens that follow, (N, L); padding does not count.

    >>> import nn
    >>> round(nn.models.next_token_loss(ag.zeros(1, 2, 8), ag.tensor([[3, 0]])).item(), 4)  # ln 8
    2.0794
    """
    if logits.ndim != 3 or targets.shape != logits.shape[:2]:
        raise expect.shape_error(
            "next_token_loss", targets, f"{tuple(logits.shape[:2])}, a token for each place", "shift the input by one"
        )
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0)
