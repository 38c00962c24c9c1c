"""How much one sender may ask of the doors: readings of a device, and sign-ins that fail."""

from __future__ import annotations

from collections import OrderedDict

# What may come at once after a silence, in seconds of the steady rate.
_BURST_S = 20.0
# A message of this size counts as one.
_USUAL_BYTES = 1024
_MOST_KEPT = 10_000


class Allowance:
    """Allowances by key, each of which refills at a steady rate up to a most; what is not used for long is forgotten.

    Args:
        rate: a second.
        most: what can be saved up.
    """

    def __init__(self, rate: float, most: float) -> None:
        self._rate = rate
        self._most = most
        # What is left, and when that was so; below 0: to be waited for.
        self._left: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def wait(self, key: object, now: float) -> float:
        """How many seconds until the allowance is not overdrawn; 0: it is not."""
        return max(0.0, -self._now(key, now) / self._rate)

    def spend(self, key: object, amount: float, now: float) -> float:
        """Take from an allowance, also beyond what is left; returns how long to wait then."""
        self._left[key] = (self._now(key, now) - amount, now)
        self._left.move_to_end(key)
        if len(self._left) > _MOST_KEPT:
            self._left.popitem(last=False)
        return self.wait(key, now)

    def _now(self, key: object, now: float) -> float:
        left, at = self._left.get(key, (self._most, now))
        return min(self._most, left + (now - at) * self._rate)


class DeviceRates:
    """How much each device may send, over all of its connections and both doors.

    Args:
        messages: a second, of up to a kilobyte each, in the long run.
    """

    def __init__(self, messages: float) -> None:
        self._allowance = Allowance(messages, messages * _BURST_S)

    def wait(self, device: str, now: float) -> float:
        return self._allowance.wait(device, now)

    def spend(self, device: str, messages: int, size: int, now: float) -> float:
        """Count what a device has sent; returns for how many seconds it is to be held back."""
        return self._allowance.spend(device, max(messages, size / _USUAL_BYTES), now)


class SignInBrake:
    """Slows down whoever fails to sign in.

    By name and address, so that one device with a wrong secret does not shut out those beside it; and, higher, by
    address, so that names cannot be tried one after the other.
    """

    def __init__(self) -> None:
        self._pairs = Allowance(1 / 6, 10)
        self._addresses = Allowance(2, 200)

    def wait(self, address: str, name: str, now: float) -> float:
        """How many seconds until a sign-in is looked at again; 0: now."""
        return max(self._pairs.wait((address, name), now), self._addresses.wait(address, now))

    def failed(self, address: str, name: str, now: float) -> None:
        self._pairs.spend((address, name), 1, now)
        self._addresses.spend(address, 1, now)
