"""Programs in the manner of PyTorch's examples: written once, for ``torch``, and run with this package under that name.

Each takes the library as *torch*, reaches layers, optimizers and loaders through it, and returns its losses.  The numbers
beside each are what PyTorch gives, so that they are checked without it; with it, every loss of the way is compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Program = Callable[[Any], list[float]]
PROGRAMS: dict[str, tuple[Program, float, float]] = {}  # name: the program, its first loss, its last one


def program(first: float, last: float) -> Callable[[Program], Program]:
    def keep(function: Program) -> Program:
        PROGRAMS[function.__name__] = function, first, last
        return function

    return keep


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def filled(torch: Any, module: Any) -> Any:
    """The *module* in float64 with weights that do not depend on the library."""
    module.double()
    with torch.no_grad():
        for i, parameter in enumerate(module.parameters()):
            parameter.copy_(torch.from_numpy(random(*parameter.shape, seed=i) * 0.3))
    return module


@program(0.676583142, 0.0116321676)
def polynomial_by_hand(torch: Any) -> list[float]:
    """A regression whose step is written out."""
    F = torch.nn.functional
    target = torch.tensor([[0.5], [-1.0], [0.25]], dtype=torch.double)
    fc = filled(torch, torch.nn.Linear(target.size(0), 1))
    losses = []
    for i in range(20):
        x = torch.from_numpy(random(32, seed=i)).unsqueeze(1)
        features = torch.cat([x**k for k in range(1, 4)], 1)
        fc.zero_grad()
        output = F.smooth_l1_loss(fc(features), features.mm(target) + 0.1)
        losses.append(output.item())
        output.backward()
        with torch.no_grad():
            for parameter in fc.parameters():
                parameter.add_(parameter.grad, alpha=-0.1)
    assert f"{fc.weight.view(-1)[0]:+.2f}".startswith(("+", "-"))
    return losses


@program(2.91345276, 3.00546153)
def classifier(torch: Any) -> list[float]:
    """Convolutions, a loader, Adadelta and a schedule; the state goes through a file in memory."""
    nn, F = torch.nn, torch.nn.functional

    class Net(nn.Module):
        def __init__(self):
            super(Net, self).__init__()  # noqa: UP008
            self.conv1 = nn.Conv2d(1, 4, 3, 1)
            self.conv2 = nn.Conv2d(4, 6, 3, 1)
            self.dropout = nn.Dropout2d(0.25)
            self.fc = nn.Linear(96, 5)

        def forward(self, x):
            x = F.max_pool2d(F.relu(self.conv2(F.relu(self.conv1(x)))), 2)
            return F.log_softmax(self.fc(torch.flatten(self.dropout(x), 1)), dim=1)

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = filled(torch, Net().to(device)).eval()
    data = torch.utils.data.TensorDataset(
        torch.from_numpy(random(24, 1, 12, 12)), torch.from_numpy(np.arange(24) % 5).long()
    )
    loader = torch.utils.data.DataLoader(data, batch_size=8)
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    losses, correct = [], 0
    for _ in range(3):
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            optimizer.zero_grad()
            output = model(x)
            loss = F.nll_loss(output, y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            correct += output.argmax(dim=1, keepdim=True).eq(y.view_as(output.argmax(1, keepdim=True))).sum().item()
        scheduler.step()
    assert 0 <= correct <= 72
    return losses


@program(12.2940291, 5.44965536)
def variational(torch: Any) -> list[float]:
    """An autoencoder with the continuous Bernoulli's log normaliser."""
    nn, F = torch.nn, torch.nn.functional
    encode, decode = filled(torch, nn.Linear(12, 6)), filled(torch, nn.Linear(3, 12))
    optimizer = torch.optim.Adam([*encode.parameters(), *decode.parameters()], lr=1e-2)
    x = torch.from_numpy(random(10, 12)).sigmoid()
    losses = []
    for i in range(8):
        mu, logvar = encode(x).chunk(2, dim=1)
        z = mu + torch.from_numpy(random(10, 3, seed=i)) * torch.exp(0.5 * logvar)
        seen = torch.clamp(torch.sigmoid(decode(z)), min=1e-4, max=1.0 - 1e-4)
        outside = torch.max(torch.le(seen, 0.49), torch.gt(seen, 0.51))
        cut = torch.where(outside, seen, 0.49 * torch.ones_like(seen))
        half = 0.5 * (torch.log(2.0 - 2.0 * cut) - torch.log(2.0 * cut))
        log_norm = torch.log(torch.abs(2.0 * half)) - torch.log(torch.abs(1 - 2.0 * cut))
        taylor = torch.log(torch.tensor(2.0)) + 4.0 / 3.0 * torch.pow(seen - 0.5, 2)
        divergence = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        loss = F.binary_cross_entropy(seen, x, reduction="sum") - torch.sum(torch.where(outside, log_norm, taylor))
        loss = loss + divergence
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@program(0.616430409, 0.0563186735)
def waves_by_lbfgs(torch: Any) -> list[float]:
    """Two LSTM cells over the columns of a batch of sine waves; the optimizer calls the closure as often as it likes."""
    nn = torch.nn
    cell, top, head = (filled(torch, m) for m in (nn.LSTMCell(1, 5), nn.LSTMCell(5, 5), nn.Linear(5, 1)))
    waves = torch.from_numpy(np.sin(np.arange(16) / 3 + np.arange(4)[:, None]))
    parameters = [*cell.parameters(), *top.parameters(), *head.parameters()]
    optimizer = torch.optim.LBFGS(parameters, lr=0.8, max_iter=6)
    losses = []

    def predict(x, future=0):
        h, c, h2, c2 = (torch.zeros(x.size(0), 5, dtype=torch.double) for _ in range(4))
        outputs = []
        for step in x.split(1, dim=1):
            h, c = cell(step, (h, c))
            h2, c2 = top(h, (h2, c2))
            outputs += [head(h2)]
        for _ in range(future):
            h, c = cell(outputs[-1], (h, c))
            h2, c2 = top(h, (h2, c2))
            outputs += [head(h2)]
        return torch.cat(outputs, dim=1)

    def closure():
        optimizer.zero_grad()
        loss = nn.MSELoss()(predict(waves[:, :-1]), waves[:, 1:])
        loss.backward()
        losses.append(loss.item())
        return loss

    for _ in range(3):
        optimizer.step(closure)
        with torch.no_grad():
            assert predict(waves[:1], future=5).detach().numpy().shape == (1, 21)
    return losses


@program(1.43606869, 0.726274714)
def adversaries(torch: Any) -> list[float]:
    """A generator of pictures and its judge; ``apply`` tells layers by their class names."""
    nn = torch.nn

    def weights_init(m):
        name = m.__class__.__name__
        if name.find("Conv") != -1:
            torch.nn.init.normal_(m.weight, 0.0, 0.02)
        elif name.find("BatchNorm") != -1:
            torch.nn.init.normal_(m.weight, 1.0, 0.02)
            torch.nn.init.zeros_(m.bias)

    generator = nn.Sequential(
        nn.ConvTranspose2d(6, 4, 4, 1, 0, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(True),
        nn.ConvTranspose2d(4, 1, 4, 2, 1, bias=False),
        nn.Tanh(),
    )
    judge = nn.Sequential(
        nn.Conv2d(1, 4, 4, 2, 1, bias=False),
        nn.BatchNorm2d(4),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(4, 1, 4, 1, 0, bias=False),
        nn.Sigmoid(),
        nn.Flatten(0),
    )
    for net in (generator, judge):
        filled(torch, net.apply(weights_init))
    criterion = nn.BCELoss()
    optimizers = [torch.optim.Adam(net.parameters(), lr=0.01, betas=(0.5, 0.999)) for net in (judge, generator)]
    losses = []
    for i in range(4):
        judge.zero_grad()
        real = torch.from_numpy(random(5, 1, 8, 8, seed=i))
        label = torch.full((5,), 1, dtype=real.dtype, device=real.device)
        on_real = criterion(judge(real), label)
        on_real.backward()
        fake = generator(torch.from_numpy(random(5, 6, 1, 1, seed=i)))
        label.fill_(0)
        on_fake = criterion(judge(fake.detach()), label)
        on_fake.backward()
        optimizers[0].step()
        generator.zero_grad()
        label.fill_(1)
        fooled = criterion(judge(fake), label)
        fooled.backward()
        optimizers[1].step()
        losses += [(on_real + on_fake).item(), fooled.item()]
    return losses


@program(2.50442184, 2.00709442)
def words(torch: Any) -> list[float]:
    """A language model with tied weights, a state carried from batch to batch, and clipped gradients."""
    nn = torch.nn

    class Model(nn.Module):
        def __init__(self, kind):
            super().__init__()
            self.encoder = nn.Embedding(11, 6)
            self.rnn = getattr(nn, kind)(6, 6, 2, dropout=0.2)
            self.decoder = nn.Linear(6, 11)
            self.decoder.weight = self.encoder.weight
            nn.init.uniform_(self.encoder.weight, -0.1, 0.1)

        def forward(self, x, hidden):
            output, hidden = self.rnn(self.encoder(x), hidden)
            return nn.functional.log_softmax(self.decoder(output).view(-1, 11), dim=1), hidden

        def init_hidden(self, size):
            weight = next(self.parameters())
            return weight.new_zeros(2, size, 6), weight.new_zeros(2, size, 6)

    def detached(h):
        return h.detach() if isinstance(h, torch.Tensor) else tuple(detached(v) for v in h)

    ids = torch.cat([torch.tensor([i * i % 11 for i in range(k, k + 9)]).type(torch.int64) for k in range(15)])
    source = ids.narrow(0, 0, 132).view(4, -1).t().contiguous()
    model, criterion = filled(torch, Model("LSTM")).eval(), nn.NLLLoss()
    assert len(list(model.parameters())) == 10
    hidden, losses = model.init_hidden(4), []
    for i in range(0, source.size(0) - 1, 7):
        length = min(7, len(source) - 1 - i)
        model.zero_grad()
        hidden = detached(hidden)
        output, hidden = model(source[i : i + length], hidden)
        loss = criterion(output, source[i + 1 : i + 1 + length].view(-1))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25)
        with torch.no_grad():
            for p in model.parameters():
                p.add_(p.grad, alpha=-2.0)
        losses.append(loss.item())
    return losses


@program(2.44258217, 1.75223984)
def transformer(torch: Any) -> list[float]:
    """Causal attention, groups of parameters with and without decay, gradients gathered over two batches."""
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.LayerNorm(8)
            self.attend = nn.Linear(8, 24, bias=False)
            self.mlp = nn.ModuleDict(dict(up=nn.Linear(8, 16), act=nn.GELU(), down=nn.Linear(16, 8)))  # noqa: C408
            self.register_buffer("mask", torch.tril(torch.ones(9, 9)).view(1, 1, 9, 9))

        def forward(self, x, fused):
            batch, length, width = x.size()
            parts = self.attend(self.norm(x)).split(width, dim=2)
            q, k, v = (part.view(batch, length, 2, width // 2).transpose(1, 2) for part in parts)
            if fused:
                y = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=None, is_causal=True)
            else:
                att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
                att = att.masked_fill(self.mask[:, :, :length, :length] == 0, float("-inf"))
                y = F.softmax(att, dim=-1) @ v
            x = x + y.transpose(1, 2).contiguous().view(batch, length, width)
            return x + self.mlp.down(self.mlp.act(self.mlp.up(x)))

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.places = nn.Embedding(7, 8), nn.Embedding(9, 8)
            self.blocks = nn.ModuleList([Block() for _ in range(2)])
            self.head = nn.Linear(8, 7, bias=False)
            self.tokens.weight = self.head.weight

        def forward(self, idx, targets=None):
            x = self.tokens(idx) + self.places(torch.arange(0, idx.size(1), dtype=torch.long, device=idx.device))
            for i, block in enumerate(self.blocks):
                x = block(x, fused=i == 0)
            if targets is None:
                return self.head(x[:, [-1], :]), None
            logits = self.head(x)
            return logits, F.cross_entropy(logits.view(-1, logits.size(-1)), targets.reshape(-1), ignore_index=-1)

        @torch.no_grad()
        def generate(self, idx, count):
            for _ in range(count):
                logits = self(idx if idx.size(1) <= 9 else idx[:, -9:])[0][:, -1, :] / 0.8
                best, _ = torch.topk(logits, min(1, logits.size(-1)))
                logits[logits < best[:, [-1]]] = -float("Inf")
                idx = torch.cat((idx, torch.multinomial(F.softmax(logits, dim=-1), num_samples=1)), dim=1)
            return idx

    model = filled(torch, Model())
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    groups = [
        {"params": [p for p in named.values() if p.dim() >= 2], "weight_decay": 0.1},
        {"params": [p for p in named.values() if p.dim() < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-2, betas=(0.9, 0.95))
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    text = np.arange(40) ** 2 % 7
    losses = []
    for i in range(6):
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * (i + 1) / 6
        for k in range(2):
            idx = torch.stack([torch.from_numpy(text[j + k : j + k + 9].astype(np.int64)) for j in (i, 2 * i)])
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=False):
                _, loss = model(idx[:, :-1], idx[:, 1:])
            scaler.scale(loss / 2).backward()
            losses.append(loss.item())
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad(set_to_none=True)
    assert model.generate(torch.tensor([[1, 2]]), 10).size() == (1, 12)
    return losses


@program(1.11716658, 1.06024203)
def layer_by_layer(torch: Any) -> list[float]:
    """Every layer is trained on its own; labels are written over the first inputs."""

    class Layer(torch.nn.Linear):
        def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
            super().__init__(in_features, out_features, bias, device, dtype)
            filled(torch, self)
            self.opt = torch.optim.Adam(self.parameters(), lr=0.03)

        def forward(self, x):
            direction = x / (x.norm(2, 1, keepdim=True) + 1e-4)
            return torch.relu(torch.mm(direction, self.weight.T) + self.bias.unsqueeze(0))

        def train(self, positive, negative):
            for _ in range(4):
                goods = [self.forward(x).pow(2).mean(1) for x in (positive, negative)]
                loss = torch.log1p(torch.exp(torch.cat([2 - goods[0], goods[1] - 2]))).mean()
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
                losses.append(loss.item())
            return self.forward(positive).detach(), self.forward(negative).detach()

    def overlaid(x, y):
        x = x.clone()
        x[:, :3] *= 0.0
        x[range(x.shape[0]), y] = x.max()
        return x

    losses: list[float] = []
    x, y = torch.from_numpy(random(8, 10)), torch.from_numpy(np.arange(8) % 3)
    positive, negative = overlaid(x, y), overlaid(x, (y + 1) % 3)
    for layer in (Layer(10, 6), Layer(6, 5)):
        positive, negative = layer.train(positive, negative)
    return losses


@program(13.4156985, 6.61937555)
def moved_pictures(torch: Any) -> list[float]:
    """A network that first turns its picture: ``affine_grid`` and ``grid_sample``."""
    nn, F = torch.nn, torch.nn.functional
    where = filled(torch, nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(True), nn.Linear(8, 6)))
    with torch.no_grad():
        where[3].weight.zero_()
        where[3].bias.copy_(torch.tensor([0.9, 0.1, 0.05, -0.1, 0.8, 0.02], dtype=torch.float))
    head = filled(torch, nn.Linear(64, 3))
    optimizer = torch.optim.SGD([*where.parameters(), *head.parameters()], lr=0.05)
    x, y = torch.from_numpy(random(6, 1, 8, 8)), torch.LongTensor([0, 1, 2, 0, 1, 2])
    losses = []
    for _ in range(5):
        grid = F.affine_grid(where(x).view(-1, 2, 3), x.size(), align_corners=False)
        output = F.log_softmax(head(F.grid_sample(x, grid, align_corners=False).view(-1, 64)), dim=1)
        loss = F.nll_loss(output, y, reduction="sum")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        assert output.max(1, keepdim=True)[1].eq(y.view(-1, 1)).sum().item() <= 6
    return losses


@program(5.02869556, 2.10514455)
def actor_and_critic(torch: Any) -> list[float]:
    """A policy and a value from one body; which action came is given, so that both libraries see the same episode."""
    nn, F = torch.nn, torch.nn.functional
    body, action_head, value_head = (filled(torch, nn.Linear(*s)) for s in ((4, 16), (16, 2), (16, 1)))
    parameters = [p for m in (body, action_head, value_head) for p in m.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=3e-2)
    eps = np.finfo(np.float32).eps.item()
    losses = []
    for episode in range(4):
        saved, rewards = [], []
        for t, state in enumerate(random(7, 4, seed=episode)):
            x = F.relu(body(torch.from_numpy(state)))
            m = torch.distributions.Categorical(F.softmax(action_head(x), dim=-1))
            assert m.sample().item() in (0, 1)
            saved.append((m.log_prob(torch.tensor(t % 2)), value_head(x)))
            rewards.append(1.0 + t)
        returns: list[float] = []
        for r in rewards[::-1]:
            returns.insert(0, r + 0.99 * (returns[0] if returns else 0.0))
        scaled = torch.tensor(returns, dtype=torch.double)
        scaled = (scaled - scaled.mean()) / (scaled.std() + eps)
        policy = [-log_prob * (R - value.item()) for (log_prob, value), R in zip(saved, scaled)]
        values = [F.smooth_l1_loss(value, torch.tensor([R])) for (_, value), R in zip(saved, scaled)]
        optimizer.zero_grad()
        loss = torch.stack(policy).sum() + torch.stack(values).sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
