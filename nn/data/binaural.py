"""Sounds as two ears hear them: mixtures that are synthesised, with what sounds and where known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

__all__ = ["SOUNDS", "BinauralMixtures", "binaural_mixtures", "head_shadow", "interaural_features"]

SOUNDS = ("hum", "whistle", "clicks", "hiss", "siren")
RATE = 16_000  # samples a second
HEAD_RADIUS, SPEED_OF_SOUND = 0.0875, 343.0  # metres, metres a second
SHADOW, SHADOW_FROM = 20.0, 1500.0  # decibels between the ears at most; the frequency, in Hz, of half of it


@dataclass(frozen=True)
class BinauralMixtures:
    """Mixtures (N, 2, T) float32 of the left and the right ear; which of SOUNDS is *present* (N, 5), and from where.

    *azimuths* (N, 5) are radians, negative to the left, from -pi/2 to pi/2, and 0 where the sound is not present.

    >>> mixtures = binaural_mixtures(3, sounds=(2, 2), generator=ag.Generator(0))
    >>> mixtures.waves.shape, mixtures.present.sum(1).tolist()
    ((3, 2, 2048), [2.0, 2.0, 2.0])
    """

    waves: NDArray[np.float32]
    present: NDArray[np.float32]
    azimuths: NDArray[np.float32]


def binaural_mixtures(
    count: int,
    *,
    sounds: tuple[int, int] = (1, 2),
    samples: int = 2048,
    noise: float = 0.02,
    generator: ag.Generator | None = None,
) -> BinauralMixtures:
    """Synthesise *count* mixtures of *sounds* (fewest, most) different ones, each from a direction of its own.

    A hum has a low tone with overtones, a whistle one high tone, a siren one that glides; clicks come in a row, and a hiss is
    noise without its lows.  Pitch, phase and loudness vary.  ``head_shadow`` makes of each what the two ears hear; the sum is
    taken, and each ear has *noise* of its own, a standard deviation.  There are 16,000 *samples* a second.

    >>> binaural_mixtures(2, generator=ag.Generator(0)).azimuths.shape
    (2, 5)
    """
    if count < 0 or samples < 256 or noise < 0:
        raise ag.errors.ArgumentError(
            f"binaural_mixtures: count={count}, samples={samples}, noise={noise}, expected 0, 256 and 0 or more"
        )
    if len(sounds) != 2 or not 1 <= sounds[0] <= sounds[1] <= len(SOUNDS):
        raise ag.errors.ArgumentError(
            f"binaural_mixtures: sounds={sounds!r}, expected (fewest, most) from 1 to {len(SOUNDS)}"
        )
    draws = (generator or ag.default_generator).numpy
    waves = noise * draws.standard_normal((count, 2, samples))
    present, azimuths = (np.zeros((count, len(SOUNDS)), np.float32) for _ in range(2))
    for n in range(count):
        for kind in draws.permutation(len(SOUNDS))[: draws.integers(sounds[0], sounds[1], endpoint=True)]:
            wave = _sound(SOUNDS[kind], samples, draws)
            azimuth = draws.uniform(-np.pi / 2, np.pi / 2)
            waves[n] += draws.uniform(0.5, 1.0) * head_shadow(wave / np.sqrt(np.square(wave).mean()), azimuth)
            present[n, kind], azimuths[n, kind] = 1, azimuth
    return BinauralMixtures(waves.astype(np.float32), present, azimuths)


def head_shadow(wave: NDArray[Any], azimuth: float) -> NDArray[np.float64]:
    """Return what the left and the right ear hear, (2, T), of *wave* (T,) from *azimuth* radians, positive to the right.

    The far ear hears it later by ``(r / c) (|a| + sin |a|)``, r = 8.75 cm and c = 343 m/s, and weaker by
    ``20 |sin a| f / (f + 1500)`` decibels at f Hz; half of each goes to either ear.  The wave is taken to repeat.

    Source: Woodworth, "Experimental Psychology", 1938, for the delay; the level is a smooth rule of our own.

    >>> left, right = head_shadow(np.eye(1, 512)[0], np.pi / 2)
    >>> bool(np.abs(right).max() > 2 * np.abs(left).max())
    True
    """
    if wave.ndim != 1 or not abs(azimuth) <= np.pi / 2 + 1e-9:
        raise ag.errors.ArgumentError(
            f"head_shadow: wave has shape {wave.shape} and azimuth={azimuth!r}, expected (T,) and -pi/2 to pi/2"
        )
    frequencies = np.fft.rfftfreq(len(wave), 1 / RATE)
    delay = HEAD_RADIUS / SPEED_OF_SOUND * (azimuth + np.sin(azimuth))  # of the left ear, in seconds
    level = (
        SHADOW * np.sin(azimuth) * frequencies / (frequencies + SHADOW_FROM)
    )  # of the right ear over the left, in dB
    spectrum = np.fft.rfft(wave)
    ears = [spectrum * 10 ** (side * level / 40) * np.exp(1j * side * np.pi * frequencies * delay) for side in (-1, 1)]
    heard: NDArray[np.float64] = np.fft.irfft(np.stack(ears), len(wave))
    return heard


def interaural_features(waves: NDArray[Any], window: int = 256, hop: int = 128) -> NDArray[np.float32]:
    """Return maps (N, 4, F, T') of *waves* (N, 2, T) at each frequency and time.

    They are the log of the power of both ears, the log of the right's amplitude over the left's, and cosine and sine of the
    difference in phase, of a short-time Fourier transform with a Hann *window* that moves on by *hop* samples.

    >>> interaural_features(np.zeros((3, 2, 1024), np.float32)).shape
    (3, 4, 129, 7)
    """
    if waves.ndim != 3 or waves.shape[1] != 2 or not 1 <= hop <= window <= waves.shape[2]:
        raise ag.errors.ShapeError(
            f"interaural_features: waves have shape {waves.shape}, window={window}, hop={hop}; expected (N, 2, T) and "
            "1 <= hop <= window <= T"
        )
    frames = np.lib.stride_tricks.sliding_window_view(waves, window, axis=2)[:, :, ::hop]
    left, right = np.moveaxis(np.fft.rfft(frames * np.hanning(window)), 1, 0)  # (N, T', F)
    small = 1e-3  # silence has no direction
    power = np.log(np.abs(left) ** 2 + np.abs(right) ** 2 + small)
    ratio = np.log((np.abs(right) + small) / (np.abs(left) + small))
    cross = right * np.conj(left)
    cross /= np.abs(cross) + small**2
    return np.stack([power, ratio, cross.real, cross.imag], 1).swapaxes(2, 3).astype(np.float32)


def _sound(kind: str, samples: int, draws: np.random.Generator) -> NDArray[np.float64]:
    time = np.arange(samples) / RATE
    phase = draws.uniform(0, 2 * np.pi)
    if kind == "hum":
        pitch = draws.uniform(100, 250)
        return np.asarray(sum(np.sin(2 * np.pi * k * pitch * time + k * phase) / k for k in range(1, 8)))
    if kind == "whistle":
        return np.asarray(np.sin(2 * np.pi * draws.uniform(900, 2500) * time + phase))
    if kind == "clicks":
        wave = np.zeros(samples)
        gap = draws.integers(samples // 12, samples // 6)
        wave[draws.integers(gap) :: gap] = 1
        return np.convolve(wave, np.exp(-np.arange(40) / 8) * draws.standard_normal(40), "same")
    if kind == "hiss":
        spectrum = np.fft.rfft(draws.standard_normal(samples))
        return np.fft.irfft(spectrum * (np.fft.rfftfreq(samples, 1 / RATE) > 2000), samples)
    low, high = draws.uniform(400, 700), draws.uniform(1200, 2400)
    if draws.random() < 0.5:
        low, high = high, low
    frequency = low + (high - low) * time / time[-1]
    return np.asarray(np.sin(2 * np.pi * np.cumsum(frequency) / RATE + phase))
