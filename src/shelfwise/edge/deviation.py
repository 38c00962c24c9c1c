"""By how much a device is off, as far as that is known, and what then counts in the place of what it shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Deviation:
    """What a device shows is ``zero + span * truth``.

    Attributes:
        zero: what it shows where the truth is 0, in the kind's unit.
        span: by how much what it shows grows with the truth; above 0.
    """

    zero: float = 0.0
    span: float = 1.0

    def truth(self, shown: float) -> float:
        """What counts where the device shows this."""
        return (shown - self.zero) / self.span

    def __bool__(self) -> bool:
        """Whether it is off at all."""
        return (self.zero, self.span) != (0.0, 1.0)


EXACT = Deviation()
