"""`zeus_apple_silicon` on a chip of constant power."""

from types import SimpleNamespace

DOMAINS = ("cpu_total_mj", "dram_mj", "gpu_mj", "gpu_sram_mj", "ane_mj")


class FakeApple:
    """Counts for each domain of `watts`; a domain that is not among them is None, as on chips that lack it."""

    def __init__(self, clock, **watts):
        self.clock, self.watts = clock, watts

    def AppleEnergyMonitor(self):
        return self

    def get_cumulative_energy(self):
        counts = {domain: 5_000 + round(1e3 * power * self.clock.wall_s()) for domain, power in self.watts.items()}
        # Single cores are told too; they are in the processor's total, and would count twice.
        return SimpleNamespace(performance_cores_mj=[10**9], **{**dict.fromkeys(DOMAINS), **counts})
