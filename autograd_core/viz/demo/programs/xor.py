"""XOR by a network of two layers."""

import autograd_core as ag

ag.manual_seed(1)
x = ag.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
target = ag.tensor([[0.0], [1], [1], [0]])
W1, b1 = ag.randn(2, 3).requires_grad_(), ag.zeros(3, requires_grad=True)
W2, b2 = ag.randn(3, 1).requires_grad_(), ag.zeros(1, requires_grad=True)

h = (x @ W1 + b1).tanh()
y = (h @ W2 + b2).sigmoid()
loss = ((y - target) ** 2).mean()
loss.backward()
