"""Sounds as two ears hear them, and networks with several objectives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
from nn.data import SOUNDS, binaural_mixtures, head_shadow, interaural_features
from nn.models import MultiTask, weighted_sum


def lag(left: Any, right: Any) -> int:
    """How many samples later than the right ear the left one hears."""
    crossed = np.fft.irfft(np.fft.rfft(left) * np.conj(np.fft.rfft(right)))
    found = int(crossed.argmax())
    return found if found < len(left) // 2 else found - len(left)


@pytest.mark.parametrize("azimuth", [-np.pi / 2, -0.5, 0.0, 0.8, np.pi / 2])
def test_the_far_ear_hears_later_and_weaker(azimuth: float) -> None:
    wave = np.random.default_rng(0).standard_normal(2048)
    left, right = head_shadow(wave, azimuth)
    delay = 0.0875 / 343 * (azimuth + np.sin(azimuth)) * 16_000
    assert abs(lag(left, right) - delay) <= 0.5
    level = 20 * np.log10(np.abs(np.fft.rfft(right)) / np.abs(np.fft.rfft(left)))
    for frequency in (500, 1500, 6000):
        found = level[round(frequency * 2048 / 16_000)]
        assert found == pytest.approx(20 * np.sin(azimuth) * frequency / (frequency + 1500), abs=1e-6)
    mirrored = head_shadow(wave, -azimuth)
    np.testing.assert_allclose(mirrored, [right, left], atol=1e-9)
    if azimuth == 0:
        np.testing.assert_allclose(left, wave, atol=1e-9)


def test_mixtures_say_what_sounds_and_where() -> None:
    mixtures = binaural_mixtures(40, sounds=(1, 3), generator=ag.Generator(0))
    assert mixtures.waves.shape == (40, 2, 2048)
    assert mixtures.waves.dtype == mixtures.present.dtype == mixtures.azimuths.dtype == np.float32
    assert set(mixtures.present.sum(1)) == {1, 2, 3}
    assert (mixtures.present.sum(0) > 0).all()
    assert not mixtures.azimuths[mixtures.present == 0].any()
    assert np.abs(mixtures.azimuths).max() <= np.pi / 2
    assert mixtures.azimuths.min() < -1 < 1 < mixtures.azimuths.max()
    assert np.isfinite(mixtures.waves).all()
    again, other = (binaural_mixtures(40, sounds=(1, 3), generator=ag.Generator(seed)) for seed in (0, 1))
    assert (again.waves == mixtures.waves).all()
    assert (other.waves != mixtures.waves).any()
    assert binaural_mixtures(0).waves.shape == (0, 2, 2048)


def test_a_lone_sound_is_louder_in_the_nearer_ear() -> None:
    mixtures = binaural_mixtures(200, sounds=(1, 1), noise=0.0, generator=ag.Generator(0))
    side = np.sin(mixtures.azimuths.sum(1))
    left, right = np.square(mixtures.waves).mean(2).T
    clear = np.abs(side) > 0.2
    assert (np.sign(right - left)[clear] == np.sign(side)[clear]).all()


def test_features_hold_level_and_phase() -> None:
    wave = np.sin(2 * np.pi * 1000 * np.arange(1024) / 16_000)
    maps = interaural_features(np.stack([wave, 0.5 * np.roll(wave, 2)])[None])  # the right is later by 45 degrees
    assert maps.shape == (1, 4, 129, 7)
    assert maps.dtype == np.float32
    power, ratio, cosine, sine = maps[0, :, 16, 3]  # 1,000 Hz
    assert ratio == pytest.approx(np.log(0.5), abs=1e-2)
    assert np.degrees(np.arctan2(sine, cosine)) == pytest.approx(-45, abs=1)
    assert power == maps[0, 0, :, 3].max()
    silent = interaural_features(np.zeros((2, 2, 256)))
    assert np.isfinite(silent).all()
    assert not silent[:, 1:].any()
    assert interaural_features(np.zeros((0, 2, 512))).shape == (0, 4, 129, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: binaural_mixtures(-1), ag.errors.ArgumentError, "count=-1"),
        (
            lambda: binaural_mixtures(1, sounds=(2, 9)),
            ag.errors.ArgumentError,
            r"sounds=\(2, 9\), expected .* from 1 to 5",
        ),
        (lambda: head_shadow(np.zeros(8), 3.0), ag.errors.ArgumentError, "azimuth=3.0"),
        (lambda: interaural_features(np.zeros((1, 3, 512))), ag.errors.ShapeError, r"shape \(1, 3, 512\)"),
        (lambda: interaural_features(np.zeros((1, 2, 100))), ag.errors.ShapeError, "window=256"),
        (lambda: MultiTask(nn.ReLU(), {}), ag.errors.ArgumentError, "heads is empty"),
        (lambda: weighted_sum({"a": ag.ones(())}, {"b": 1.0}), ag.errors.ArgumentError, "one for each of a"),
        (lambda: weighted_sum({"a": ag.ones(())}, {"a": 0.0}), ag.errors.ArgumentError, "not all 0"),
        (lambda: weighted_sum({"a": ag.ones(())}, {"a": -1.0}), ag.errors.ArgumentError, "none negative"),
    ],
)
def test_nonsense_is_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64])
def test_the_trunk_gets_the_gradients_of_all_objectives(dtype: Any) -> None:
    model = MultiTask(nn.Linear(3, 4), {"what": nn.Linear(4, 2), "where": nn.Linear(4, 1)}).to(dtype)
    x = ag.randn(5, 3, dtype=dtype)
    assert list(model(x)) == ["what", "where"]

    def gradient(weights: dict[str, float]) -> Any:
        model.zero_grad()
        losses = {name: made.square().mean() for name, made in model(x).items()}
        total = weighted_sum(losses, weights)
        assert total.dtype == dtype
        total.backward()
        return model.trunk.weight.grad.array.copy()

    what, where = gradient({"what": 1.0, "where": 0.0}), gradient({"what": 0.0, "where": 1.0})
    assert model.heads["what"].weight.grad is None
    np.testing.assert_allclose(gradient({"what": 0.5, "where": 2.0}), 0.5 * what + 2 * where, rtol=1e-4, atol=1e-6)
    assert len(SOUNDS) == 5
