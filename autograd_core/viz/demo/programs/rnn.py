"""RNN of 20 steps, which is to remember the first letter."""

import autograd_core as ag
import nn

word = "abracadabracadabraca"

ag.manual_seed(0)
letters = nn.functional.one_hot(ag.tensor([[ord(c) - ord("a")] for c in word]), 26).float()
cell = nn.RNNCell(26, 16)
read = nn.Linear(16, 26)

h0 = ag.zeros(1, 16)
h = h0
for letter in letters:
    h = cell(letter, h)
loss = nn.functional.cross_entropy(read(h), ag.tensor([ord(word[0]) - ord("a")]))
loss.backward()
