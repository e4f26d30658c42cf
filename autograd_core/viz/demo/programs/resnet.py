"""ResNet-18 on one picture of noise."""

import autograd_core as ag
import nn

ag.manual_seed(0)
model = nn.models.resnet18(num_classes=10)
logits = model(ag.randn(1, 3, 64, 64))
loss = nn.functional.cross_entropy(logits, ag.tensor([3]))
loss.backward()
