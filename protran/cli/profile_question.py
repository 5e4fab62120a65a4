"""What `protran profile` asks devices: one candidate, at these points, so often."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from protran.cli.profile_points import Point

if TYPE_CHECKING:
    from device_agents.measurement import Measurement
    from protran.profiling import Profiler
    from search_spaces.candidate import Candidate


class Ask(Protocol):
    """Measures one point."""

    def __call__(self, point: Point, *, keep_trace: bool = False) -> list[Measurement]:
        """Returns the measurements of one point.

        Raises:
            InputError: its device is not known, or not ready.
            DeviceError: its device gives no answer.
        """


@dataclass(frozen=True)
class Question:
    """What is to be measured.

    Attributes:
        model: the candidate as the user called it.
        candidate: what is built.
        points: devices, lengths and batch sizes.
        repeats: independent measurements of each point.
        accelerator: the GPU of this machine that runs it; the processor, if not given.
    """

    model: str
    candidate: Candidate
    points: tuple[Point, ...]
    repeats: int
    accelerator: str | None = None

    @contextmanager
    def opened(self) -> Iterator[Ask]:
        """Gives what asks for one point after the other, and ends in the end what that started.

        Points of one device in a row share what was calibrated for the first of them, and so the scale of their
        seconds. A device that gives no answer is begun with anew at the next point.
        """
        asking = _Asking(self.candidate, self.repeats, self.accelerator)
        try:
            yield asking
        finally:
            asking.close()


class _Asking:
    """Asks one device at a time: an idle one that is held would take memory from the next."""

    def __init__(self, candidate: Candidate, repeats: int, accelerator: str | None) -> None:
        self._candidate, self._repeats, self._accelerator = candidate, repeats, accelerator
        self._profiler: Profiler | None = None

    def __call__(self, point: Point, *, keep_trace: bool = False) -> list[Measurement]:
        from device_agents.errors import DeviceError

        profiler = self._for(point.device)
        try:
            return profiler.measure(
                self._candidate, point.input_spec, point.workload, repeats=self._repeats, keep_trace=keep_trace
            )
        except DeviceError:
            self.close()
            raise

    def close(self) -> None:
        if self._profiler is not None:
            self._profiler.close()
            self._profiler = None

    def _for(self, device: str) -> Profiler:
        from protran.profiling import Profiler

        if self._profiler is None or self._profiler.device != device:
            self.close()
            chosen = {} if self._accelerator is None else {"accelerator": self._accelerator}
            self._profiler = Profiler(device, **chosen)
        return self._profiler
