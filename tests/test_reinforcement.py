"""Worlds, the memory, and deep Q-learning."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import nn.reinforcement as rl
import optim


class Chain:
    """Two places, two actions: 1 goes on and pays 1, 0 ends the episode."""

    class action_space:
        n = 2

    def reset(self, *, seed: int | None = None) -> tuple[Any, dict[str, Any]]:
        self.place = 0
        return np.zeros(1, np.float32), {}

    def step(self, action: int, /) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.place += 1
        ended = action == 0
        return np.full(1, min(self.place, 1), np.float32), float(action), ended, not ended and self.place == 5, {}


def agent_of(**options: Any) -> rl.DQN:
    network = nn.models.MLP((1, 8, 2))
    return rl.DQN(network, optim.SGD(network.parameters(), lr=0.1), **options)


# ------------------------------------------------------------------------------------------------------------- worlds


def test_the_pole_falls_as_its_equations_say() -> None:
    world = rl.CartPole()
    x, v, a, w = (float(number) for number in world.reset(seed=3)[0])
    assert max(map(abs, (x, v, a, w))) <= 0.05
    seen, reward, terminated, truncated, _ = world.step(1)
    # Barto, Sutton & Anderson, the equations solved by hand for these masses
    turn = (9.8 * np.sin(a) + np.cos(a) * (-10 - 0.05 * w * w * np.sin(a)) / 1.1) / (
        0.5 * (4 / 3 - 0.1 * np.cos(a) ** 2 / 1.1)
    )
    push = (10 + 0.05 * (w * w * np.sin(a) - turn * np.cos(a))) / 1.1
    np.testing.assert_allclose(seen, [x + 0.02 * v, v + 0.02 * push, a + 0.02 * w, w + 0.02 * turn], rtol=1e-5)
    assert (reward, terminated, truncated, seen.dtype) == (1.0, False, False, np.float32)
    steps = 1
    while not terminated:
        seen, _, terminated, truncated, _ = world.step(1)
        steps += 1
    assert abs(seen[2]) > np.radians(12)
    assert 5 < steps < 20
    with pytest.raises(ag.errors.ArgumentError, match="no episode is running; call reset"):
        world.step(0)


def test_the_cart_leaves_at_its_limit_and_episodes_are_cut() -> None:
    world = rl.CartPole(limit=7)
    world.reset(seed=0)
    ends = [world.step(i % 2)[2:4] for i in range(7)]
    assert ends == [(False, False)] * 6 + [(False, True)]
    np.testing.assert_array_equal(world.reset(seed=5)[0], rl.CartPole().reset(seed=5)[0])
    for wrong in (2, -1, 0.5, True, None):
        with pytest.raises(ag.errors.ArgumentError, match=r"CartPole.step: action=.*, expected an int from 0 to 1"):
            world.step(wrong)  # type: ignore[arg-type]


def test_the_pole_is_gymnasiums(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYGAME_HIDE_SUPPORT_PROMPT", "hide")  # gymnasium sets it too, and the fixture sees that
    gymnasium = pytest.importorskip("gymnasium")
    own, other, draws = rl.CartPole(), gymnasium.make("CartPole-v1"), np.random.default_rng(0)
    assert isinstance(other, rl.Environment)
    for seed in range(20):
        np.testing.assert_array_equal(own.reset(seed=seed)[0], other.reset(seed=seed)[0])
        over = False
        while not over:
            action = int(draws.integers(2))
            (seen, *mine), (wanted, *theirs) = own.step(action), other.step(action)
            np.testing.assert_array_equal(seen, wanted)
            assert mine[:3] == [float(theirs[0]), bool(theirs[1]), bool(theirs[2])]
            over = mine[1] or mine[2]


def test_a_ball_is_caught_by_who_follows_it_and_missed_by_who_flees() -> None:
    for sign, expected in ((1, 5.0), (-1, -5.0)):
        world = rl.Catch(size=9)
        picture, _ = world.reset(seed=1)
        total, over, steps = 0.0, False, 0
        while not over:
            ball = world._column if world._row < 8 else 4
            away = int(np.sign(ball - world._paddle)) * sign
            if sign < 0:  # flee to the farther wall
                away = 1 if ball < 4 else -1
            picture, reward, over, truncated, _ = world.step(1 + away)
            total, steps = total + reward, steps + 1
            assert set(np.unique(picture)) <= {0.0, 1.0}
            assert not truncated
        assert steps == 5 * 8
        if sign > 0:
            assert total == expected
        else:
            assert total < 0
    assert rl.Catch(size=7, scale=12).reset(seed=0)[0].shape == (84, 84)
    with pytest.raises(ag.errors.ArgumentError, match="Catch: size=4, expected an int of at least 5"):
        rl.Catch(size=4)
    world = rl.Catch()
    world.reset()
    with pytest.raises(ag.errors.ArgumentError, match="action=3, expected an int from 0 to 2"):
        world.step(3)


def test_frames_are_stacked_with_the_newest_last() -> None:
    world = rl.FrameStack(rl.Catch(size=7), 3)
    seen, _ = world.reset(seed=0)
    assert (seen == seen[0]).all()
    following = world.step(1)[0]
    np.testing.assert_array_equal(following[:2], seen[1:])
    assert (following[2] != seen[2]).any()
    assert world.action_space.n == 3
    with pytest.raises(ag.errors.ArgumentError, match="frames=0"):
        rl.FrameStack(rl.Catch(), 0)


def test_atari_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ale_py", None)
    with pytest.raises(ImportError, match=r"pip install 'gymnasium\[atari,other\]', or take nn.reinforcement.Catch"):
        rl.atari("Breakout")


def test_atari_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYGAME_HIDE_SUPPORT_PROMPT", "hide")
    pytest.importorskip("ale_py")
    pytest.importorskip("cv2")
    world = rl.atari("Pong")
    seen, _ = world.reset(seed=0)
    assert (seen.shape, seen.dtype) == ((4, 84, 84), np.float32)
    assert 0 <= seen.min() < seen.max() <= 1
    assert isinstance(world, rl.Environment)
    assert nn.models.DeepQNetwork(world.action_space.n)(ag.from_numpy(seen)[None]).shape == (1, world.action_space.n)


# ------------------------------------------------------------------------------------------------------------- memory


def test_a_memory_forgets_the_oldest_and_draws_evenly() -> None:
    memory = rl.ReplayMemory(10)
    for i in range(25):
        memory.add(np.full(2, i, np.float32), i, i / 2, np.full(2, i + 1, np.float32), i % 2 == 0)
    assert len(memory) == 10
    batch = memory.sample(5000, ag.Generator(0))
    actions = batch.actions.numpy()
    assert sorted(set(actions)) == list(range(15, 25))
    assert np.bincount(actions)[15:].min() > 400
    np.testing.assert_array_equal(batch.observations.numpy()[:, 0], actions)
    np.testing.assert_array_equal(batch.following.numpy()[:, 1], actions + 1)
    np.testing.assert_array_equal(batch.rewards.numpy(), actions / 2)
    np.testing.assert_array_equal(batch.terminated.numpy(), actions % 2 == 0)
    again = memory.sample(5000, ag.Generator(0))
    np.testing.assert_array_equal(again.actions.numpy(), actions)
    with pytest.raises(ag.errors.ShapeError, match=r"shapes \(3,\) and \(3,\), expected \(2,\)"):
        memory.add(np.zeros(3), 0, 0.0, np.zeros(3), False)
    with pytest.raises(ag.errors.ArgumentError, match="the memory is empty"):
        rl.ReplayMemory(3).sample(1)
    with pytest.raises(ag.errors.ArgumentError, match="capacity=0"):
        rl.ReplayMemory(0)


# --------------------------------------------------------------------------------------------------------------- agent


@pytest.mark.parametrize("double", [False, True])
def test_targets_are_the_reward_and_the_discounted_future(double: bool) -> None:
    ag.manual_seed(0)
    agent = agent_of(gamma=0.9, double=double)
    for p in agent.network.parameters():
        p.data.add_(ag.randn(*p.shape))  # now it differs from its copy
    following = ag.randn(6, 1)
    batch = rl.Batch(ag.zeros(6, 1), ag.zeros(6).long(), ag.arange(6.0), following, ag.tensor([0.0, 1, 0, 0, 1, 0]))
    worth = agent.target(following).numpy()
    best = (agent.network(following) if double else agent.target(following)).detach().numpy().argmax(1)
    future = worth[np.arange(6), best]
    expected = [r + (0.0 if over else 0.9 * f) for r, over, f in zip(range(6), [0, 1, 0, 0, 1, 0], future, strict=True)]
    np.testing.assert_allclose(agent.targets(batch).numpy(), expected, rtol=1e-6)


def test_an_update_is_that_of_hubers_loss_and_the_copy_is_renewed() -> None:
    ag.manual_seed(0)
    agent = agent_of(renew=2, clip=np.inf)
    memory = rl.ReplayMemory(1)
    memory.add(np.ones(1, np.float32), 1, 5.0, np.ones(1, np.float32), True)
    value = float(agent.values(np.ones(1))[1])
    before = [p.detach().clone() for p in agent.network.parameters()]
    assert agent.learn(memory, 4) == pytest.approx(5 - value - 0.5, rel=1e-5)  # beyond 1, Huber's loss is a line
    bias = list(agent.network.parameters())[-1]
    np.testing.assert_allclose(bias.detach().numpy() - before[-1].numpy(), [0, 0.1], atol=1e-6)  # its slope is 1
    for p, old in zip(agent.target.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.numpy(), old.numpy())
    agent.learn(memory, 4)
    for p, new in zip(agent.target.parameters(), agent.network.parameters(), strict=True):
        np.testing.assert_array_equal(p.numpy(), new.detach().numpy())
        assert not p.requires_grad


def test_the_copy_can_follow_slowly() -> None:
    ag.manual_seed(0)
    agent = agent_of(renew=1, tau=0.25)
    memory = rl.ReplayMemory(1)
    memory.add(np.ones(1, np.float32), 1, 5.0, np.ones(1, np.float32), True)
    before = [p.clone() for p in agent.target.parameters()]
    agent.learn(memory, 4)
    for copied, old, own in zip(agent.target.parameters(), before, agent.network.parameters(), strict=True):
        np.testing.assert_allclose(
            copied.numpy(), 0.75 * old.numpy() + 0.25 * own.detach().numpy(), rtol=1e-5, atol=1e-7
        )
    for tau in (0, 1.5):
        with pytest.raises(ag.errors.ArgumentError, match=f"tau={tau}, expected a share"):
            agent_of(tau=tau)


def test_actions_are_greedy_or_random() -> None:
    agent = agent_of(generator=ag.Generator(0))
    seen = np.ones(1, np.float32)
    best = int(agent.values(seen).argmax())
    assert {agent.act(seen) for _ in range(20)} == {best}
    share = np.mean([agent.act(seen, 0.5) == best for _ in range(2000)])
    assert share == pytest.approx(0.75, abs=0.04)
    schedule = rl.EpsilonSchedule(1.0, 0.1, 90)
    assert [round(schedule(step), 3) for step in (0, 45, 90, 1000)] == [1.0, 0.55, 0.1, 0.1]
    with pytest.raises(ag.errors.ArgumentError, match="expected 1 >= first >= last >= 0"):
        rl.EpsilonSchedule(0.1, 0.5)
    with pytest.raises(ag.errors.ArgumentError, match=r"gamma=1.5, expected a discount"):
        agent_of(gamma=1.5)
    with pytest.raises(ag.errors.ArgumentError, match="renew=0"):
        agent_of(renew=0)


def test_values_of_a_small_world_come_out_right() -> None:
    """Going on pays 1 for ever, since a cut is no end: both places are worth 1 / (1 - gamma) = 2, ending is worth 0."""
    ag.manual_seed(0)
    network = nn.models.MLP((1, 16, 2))
    agent = rl.DQN(network, optim.Adam(network.parameters(), lr=0.01), gamma=0.5, renew=20)
    episodes = rl.train(agent, Chain(), 900, epsilon=rl.EpsilonSchedule(1, 1, 1), warm_up=50, seed=0)
    assert len(episodes) > 200
    assert episodes.ends == sorted(episodes.ends)
    for place in (0.0, 1.0):
        np.testing.assert_allclose(agent.values(np.array([place])), [0, 2], atol=0.1)
    played = rl.play(agent, Chain(), 4, seed=0)
    assert played.returns == [5.0] * 4
    assert played.ends == [5, 10, 15, 20]


def test_training_is_repeatable_and_can_end_early() -> None:
    runs = []
    for _ in range(2):
        ag.manual_seed(7)
        network = nn.models.MLP((4, 8, 2))
        agent = rl.DQN(network, optim.Adam(network.parameters()))
        runs.append(rl.train(agent, rl.CartPole(), 400, warm_up=100, seed=1, until=lambda e: len(e) == 9))
    assert runs[0] == runs[1]
    assert len(runs[0]) == 9
    assert np.isnan(rl.Episodes().mean())


def test_what_does_not_fit_is_refused() -> None:
    agent = agent_of()
    with pytest.raises(ag.errors.ArgumentError, match="world=int: expected reset"):
        rl.train(agent, 3, 10)  # type: ignore[arg-type]
    network = nn.models.MLP((144, 4, 2))
    wrong = rl.DQN(nn.Sequential(nn.Flatten(), network), optim.SGD(network.parameters(), lr=0.1))
    with pytest.raises(ag.errors.ShapeError, match="the network gives 2 values, but the world has 3 actions"):
        rl.train(wrong, rl.Catch(), 10)
    for argument in ("steps", "every", "batch_size", "warm_up"):
        with pytest.raises(ag.errors.ArgumentError, match=f"train: {argument}=0"):
            rl.train(agent, Chain(), **({"steps": 10} | {argument: 0}))


def test_the_network_is_the_published_one(torch: Any) -> None:
    count = 4 * 32 * 64 + 32 + 32 * 64 * 16 + 64 + 64 * 64 * 9 + 64 + 3136 * 512 + 512
    for actions in (4, 18):
        network = nn.models.DeepQNetwork(actions)
        assert sum(p.numel() for p in network.parameters()) == count + 513 * actions
    ag.manual_seed(0)
    other = torch.nn.Sequential(
        torch.nn.Conv2d(4, 32, 8, 4), torch.nn.ReLU(), torch.nn.Conv2d(32, 64, 4, 2), torch.nn.ReLU(),
        torch.nn.Conv2d(64, 64, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(3136, 512), torch.nn.ReLU(),
        torch.nn.Linear(512, 18),
    )  # fmt: skip
    with torch.no_grad():
        for p, q in zip(other.parameters(), network.parameters(), strict=True):
            p.copy_(torch.tensor(q.detach().numpy()))
        frames = ag.rand(2, 4, 84, 84)
        np.testing.assert_allclose(
            network(frames).detach().numpy(), other(torch.tensor(frames.numpy())).numpy(), rtol=1e-4, atol=1e-5
        )
    with pytest.raises(ag.errors.ShapeError, match=r"expects \(N, 4, 84, 84\), got \(1, 3, 84, 84\)"):
        network(ag.zeros(1, 3, 84, 84))


def test_an_update_of_the_published_network_changes_all_of_it() -> None:
    network = nn.models.DeepQNetwork(3)
    agent = rl.DQN(network, optim.RMSprop(network.parameters(), lr=2.5e-4, alpha=0.95, eps=0.01))
    world = rl.FrameStack(rl.Catch(size=12, scale=7), 4)
    before = [p.detach().clone() for p in network.parameters()]
    rl.train(agent, world, 12, warm_up=11, seed=0)
    assert agent.updates == 2
    assert all((p.detach() != old).any() for p, old in zip(network.parameters(), before, strict=True))
