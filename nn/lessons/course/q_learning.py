"""Row 29: deep Q-learning, on a pole and on pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import numpy as np

import autograd_core as ag
import optim

from ... import layers, models
from ... import reinforcement as rl
from .. import figures
from ..options import Count, at_least
from ..registry import lesson
from ..run import Run

SOLVED, FULL = 475, 500  # of CartPole, by gymnasium: the mean to be reached, and the longest episode
BALLS = 5
SOURCES = ("Mnih et al., Human-level Control through Deep Reinforcement Learning, 2015",)


@lesson(
    row=29,
    title="Deep Q-learning: CartPole",
    question="Can a network learn to balance a pole, from nothing but a reward for each step?",
    sources=(
        *SOURCES,
        "Barto, Sutton & Anderson, Neuronlike Adaptive Elements That Can Solve Difficult Learning Control Problems, 1983",
        "van Hasselt, Guez & Silver, Deep Reinforcement Learning with Double Q-learning, 2016",
        "Lillicrap et al., Continuous Control with Deep Reinforcement Learning, 2016",
    ),
    minutes=4.0,
    quick={"steps": 6000, "learners": 1},
)
def cart_pole(
    run: Run,
    *,
    steps: Annotated[int, at_least(6000), "steps of each learner, at most"] = 40_000,
    learners: Annotated[Count, "learners, each with a seed of its own"] = 3,
) -> None:
    """Teach a small network to balance a pole, several times, with double deep Q-learning and a copy that follows slowly.

    Whenever a learner has balanced for 500 steps, the longest that an episode can be, it is examined in ten episodes of its
    own, without learning and without chance, and stops when their mean is 490.  Then it plays 100 new episodes.
    """
    curves: list[rl.Episodes] = []
    rows, played = [], []
    for number in range(learners):
        ag.manual_seed(run.seed + 100 * number)
        network = models.MLP((4, 128, 128, 2))
        agent = rl.DQN(network, optim.Adam(network.parameters(), lr=5e-4), renew=1, tau=0.005, double=True)
        episodes = rl.train(
            agent,
            rl.CartPole(),
            steps,
            epsilon=rl.EpsilonSchedule(1.0, 0.02, 5000),
            warm_up=500,
            batch_size=128,
            seed=run.seed + 100 * number,
            until=_examiner(agent, run.seed + 2000),
        )
        curves.append(episodes)
        played.append(rl.play(agent, rl.CartPole(), 100, seed=run.seed + 1000).mean())
        rows.append((number + 1, episodes.ends[-1], len(episodes), played[-1]))
    chance = _by_chance(rl.CartPole(), 2, 100, run.seed)
    _draw(run, curves, "steps balanced in an episode", (0, 510), (SOLVED, "solved"), chance)
    run.table("Learners", ("learner", "steps learned", "episodes learned", "mean of 100 new episodes"), rows)
    run.number("best mean of 100 episodes", max(played), expected=f"{SOLVED} or more is solved", source="gymnasium")
    run.number("mean of 100 episodes at random", chance)
    run.claim(
        "Every learner balances three times as long as chance",
        min(played) >= 3 * chance,
        f"{min(played):.0f} steps at least, by chance {chance:.0f}",
    )
    if steps >= 40_000:
        run.claim(
            f"The best learner solves it: a mean of {SOLVED} of 500 steps over 100 new episodes",
            max(played) >= SOLVED,
            f"{max(played):.1f}",
        )
    run.say(
        """The network is not told what a pole is: it sees four numbers, and earns 1 for each step that the pole stands. What
        an action is worth is guessed from what comes next, which is itself a guess, so learning goes in jumps, forgets, and
        differs from seed to seed. The replay memory takes steps apart that follow each other, and the slow copy keeps the
        targets from running ahead of what is known."""
    )


@lesson(
    row=29,
    title="Deep Q-learning from pixels",
    question="Can the same rule learn a game from its pictures?",
    sources=(*SOURCES, "Mnih, Heess, Graves & Kavukcuoglu, Recurrent Models of Visual Attention, 2014"),
    minutes=2.0,
    quick={"steps": 9000, "learners": 1},
)
def catch(
    run: Run,
    *,
    steps: Annotated[int, at_least(9000), "steps of each learner"] = 14_000,
    learners: Annotated[Count, "learners, each with a seed of its own"] = 3,
) -> None:
    """Teach a network to catch balls, from the last two pictures of 10x10 pixels; a ball is worth 1, or -1 if missed.

    What it learned is tested on 100 new episodes of five balls.  Then the network of the paper, for four pictures of
    84x84 pixels, is taken through one update in the same game, enlarged.
    """
    curves, rows, played = [], [], []
    for number in range(learners):
        ag.manual_seed(run.seed + 100 * number)
        network = layers.Sequential(layers.Flatten(), models.MLP((200, 128, 128, 3)))
        agent = rl.DQN(network, optim.Adam(network.parameters(), lr=1e-3), gamma=0.95, renew=250, double=True)
        episodes = rl.train(
            agent,
            rl.FrameStack(rl.Catch(10), 2),
            steps,
            epsilon=rl.EpsilonSchedule(1.0, 0.05, 4000),
            warm_up=500,
            seed=run.seed + 100 * number,
        )
        curves.append(episodes)
        played.append(rl.play(agent, rl.FrameStack(rl.Catch(10), 2), 100, seed=run.seed + 1000).mean())
        rows.append((number + 1, len(episodes), played[-1], (played[-1] / BALLS + 1) / 2))
    chance = _by_chance(rl.Catch(10), 3, 200, run.seed)
    _draw(run, curves, "balls caught less balls missed, of 5", (-5.2, 5.2), None, chance)
    _draw_game(run, agent)
    run.table("Learners", ("learner", "episodes learned", "mean of 100 new episodes", "balls caught"), rows)
    large = _update_of_the_published_network()
    run.number("parameters of the network of the paper, with 3 actions", large, expected="1,685,667, by its table")
    run.number("mean of 200 episodes at random", chance)
    caught = (min(played) / BALLS + 1) / 2
    run.claim("Every learner catches 85 % of new balls at least", caught >= 0.85, f"{caught:.0%}")
    run.claim("By chance fewer than half are caught", chance < 0, f"{(chance / BALLS + 1) / 2:.0%}")
    run.claim("The network of the paper has as many parameters as its table says", large == 1_685_667, f"{large:,}")
    run.say(
        """A picture has no speed in it; two have. The reward comes when the ball is down, nine steps after the move that
        decided, and the discounted worth carries it back, one step further with each renewal of the copy: at first nothing is
        learned, and then much. With four pictures of 84x84 and the paper's convolutions the same rule plays Atari's games:
        nn.reinforcement.atari("Breakout"), where gymnasium is installed, and some days of time are."""
    )


def _examiner(agent: rl.DQN, seed: int) -> Callable[[rl.Episodes], bool]:
    """Return what says when *agent* has learned enough."""

    def passes(episodes: rl.Episodes) -> bool:
        return episodes.returns[-1] >= FULL and rl.play(agent, rl.CartPole(), 10, seed=seed).mean() >= SOLVED + 15

    return passes


def _by_chance(world: rl.Environment, actions: int, episodes: int, seed: int) -> float:
    """Return the mean of episodes in which every action is drawn."""
    network = layers.Sequential(layers.Flatten(), layers.LazyLinear(actions))
    network(ag.from_numpy(np.asarray(world.reset(seed=seed)[0]))[None])
    agent = rl.DQN(network, optim.SGD(network.parameters(), lr=1.0))
    return rl.play(agent, world, episodes, epsilon=1.0, seed=seed).mean()


def _update_of_the_published_network() -> int:
    """Do one update of it, and return how many parameters it has."""
    network = models.DeepQNetwork(3)
    optimizer = optim.RMSprop(network.parameters(), lr=2.5e-4, alpha=0.95, eps=0.01)
    world = rl.FrameStack(rl.Catch(12, scale=7), 4)
    rl.train(rl.DQN(network, optimizer), world, 33, warm_up=33)
    return sum(p.numel() for p in network.parameters())


def _draw(
    run: Run,
    curves: list[rl.Episodes],
    label: str,
    limits: tuple[float, float],
    goal: tuple[float, str] | None,
    chance: float,
) -> None:
    drawn, axes = figures.new(height=4)
    colours = (figures.BLUE, figures.VERMILION, figures.GREEN, figures.PINK, figures.ORANGE, figures.SKY)
    for number, episodes in enumerate(curves):
        colour = colours[number % len(colours)]
        axes.plot(episodes.ends, episodes.returns, ".", color=colour, alpha=0.25, markersize=4)
        width = min(10, len(episodes))
        smooth = np.convolve(episodes.returns, np.ones(width) / width, "valid")
        axes.plot(episodes.ends[width - 1 :], smooth, color=colour, label=f"learner {number + 1}")
    if goal is not None:
        axes.axhline(goal[0], color=figures.PAPER.muted, linestyle="--", linewidth=1.5, label=goal[1])
    axes.axhline(chance, color=figures.GREY, linestyle=":", linewidth=1.5, label="at random")
    axes.set(xlabel="step", ylabel=label, ylim=limits)
    axes.legend(loc="lower right")
    run.figure(
        "learning",
        drawn,
        "Each dot is an episode in which the learner still tries things at random; the lines are means of ten.",
    )


def _draw_game(run: Run, agent: rl.DQN) -> None:
    game = rl.Catch(10, balls=1)
    world = rl.FrameStack(game, 2)
    seen, _ = world.reset(seed=run.seed + 5)
    drawn, axes = figures.new(2, 5, height=4.2)
    over = False
    for panel in axes.flat:
        values = agent.values(seen)
        panel.imshow(seen[0] * 0.35 + seen[1], vmin=0, vmax=1, cmap=figures.SEQUENTIAL)
        panel.set_axis_off()
        words = ("left", "stay", "right")
        panel.set_title("the end" if over else f"{words[int(values.argmax())]} {values.max():.2f}", fontsize=10)
        if not over:
            seen, _, over, _, _ = world.step(int(values.argmax()))
    run.figure(
        "game",
        drawn,
        "One ball, frame by frame, with the action that is chosen and what the network thinks that it is worth; the picture "
        "before is shown fainter.",
    )
