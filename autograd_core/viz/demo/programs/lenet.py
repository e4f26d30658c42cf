"""LeNet-5 on one picture of Fashion-MNIST."""

import autograd_core as ag
import nn

picture, label = nn.data.load("fashion-mnist").test[0]

ag.manual_seed(0)
model = nn.models.LeNet5()
logits = model(picture.reshape(1, 1, 28, 28))
loss = nn.functional.cross_entropy(logits, ag.tensor([label]))
loss.backward()
