"""A small task that can be learned in seconds: the class is the frequency of a noisy wave."""

import numpy as np
import pytest

from protran.tasks.base import TaskData, Windows
from search_spaces.candidate import Architecture, HeadKind, Layer
from search_spaces.input_spec import InputKind, InputSpec

LENGTH = 40


def _windows(persons, generator):
    count = 12 * len(persons)
    labels = np.tile([0, 1, 2], count // 3)
    phase = generator.uniform(0, 2 * np.pi, (count, 3, 1))
    waves = np.sin(2 * np.pi * (1 + 2 * labels[:, None, None]) * np.arange(LENGTH) / LENGTH + phase)
    signals = (0.5 + waves + 0.2 * generator.standard_normal(waves.shape)).astype(np.float32)
    who = np.repeat(np.asarray(persons, dtype=np.int64), 12)
    return Windows(signals, labels.astype(np.int64), who * 3 + labels, who)


@pytest.fixture(scope="session")
def waves():
    generator = np.random.default_rng(0)
    return TaskData(
        train=_windows(range(8), generator),
        validation=_windows((8, 9), generator),
        test=_windows((10, 11, 12), generator),
        input_spec=InputSpec(InputKind.WINDOWS, length=LENGTH, classes=3, channels=3, patch=4),
        classes=("slow", "middle", "fast"),
        axes=((0, 1, 2),),
    )


@pytest.fixture(scope="session")
def small():
    return Architecture((Layer(8, (HeadKind.SCALED_DOT_PRODUCT,), (16,)),))
