"""The field a scanner is sold as, and which exams of one field may be looked at together."""

from __future__ import annotations

from collections.abc import Iterable

_NOMINAL_TESLA = (1.5, 3.0)
_NOMINAL_SHARE = 0.05
UNKNOWN = "?"


def nominal_tesla(strength: float | None) -> float | None:
    """The field a scanner is sold as: 2.8936 and 3.0 T are both 3 T, as far as R2* can tell."""
    if strength is None:
        return None
    near = (nominal for nominal in _NOMINAL_TESLA if abs(strength - nominal) <= _NOMINAL_SHARE * nominal)
    return next(near, strength)


def field_name(strength: float | None) -> str:
    """A field as it is chosen and told: ``1.5``, ``3``, or ``?`` where it is not known."""
    nominal = nominal_tesla(strength)
    return UNKNOWN if nominal is None else f"{nominal:g}"


def different(strengths: Iterable[float | None]) -> tuple[float | None, ...]:
    """Different nominal field strengths in order, the unknown one last."""
    found = {nominal_tesla(one) for one in strengths}
    known = sorted(strength for strength in found if strength is not None)
    return (*known, None) if None in found else tuple(known)
