"""Check printed sensitivity and specificity: the index they give, and counts that can stand behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.stats.check_table import SLACK, Check, Range
from app.stats.printed import Printed
from app.stats.result import NotDefined, Note


@dataclass(frozen=True, slots=True)
class CheckedYouden:
    """Sensitivity and specificity put together.

    Parameters
    ----------
    j : float
        Sensitivity + specificity - 1, as printed.
    range : Range
        Over the rounding.
    printed_j : Check or None
    true_positives, true_negatives : tuple of int or None
        The counts that are printed so; None where the number of patients is not known.
    notes : tuple of Note
        ``check.no_count`` where no count is printed so, ``check.zeros_added`` where one is if zeros were
        added.
    """

    j: float
    range: Range
    printed_j: Check | None
    true_positives: tuple[int, ...] | None
    true_negatives: tuple[int, ...] | None
    notes: tuple[Note, ...] = ()


def check_youden(
    sensitivity: Printed,
    specificity: Printed,
    *,
    j: Printed | None = None,
    positives: int | None = None,
    negatives: int | None = None,
) -> CheckedYouden | NotDefined:
    """Recompute Youden's index from sensitivity and specificity, and the counts behind them.

    Parameters
    ----------
    sensitivity, specificity : Printed
        Shares of 1 or percent.
    j : Printed, optional
        The printed index.
    positives, negatives : int, optional
        Patients with and without the outcome.

    Returns
    -------
    CheckedYouden or NotDefined
        Not defined (``check.not_a_share``) where one lies outside 0 to 100 %.

    References
    ----------
    Youden 1950, Cancer 3:32.
    """
    shares = sensitivity.as_share(), specificity.as_share()
    if any(not 0.0 <= share.value <= 1.0 for share in shares):
        return NotDefined.of("check.not_a_share")
    low = sum(max(0.0, share.low) for share in shares) - 1.0
    high = sum(min(1.0, share.high) for share in shares) - 1.0
    of_j = Range(low, high)
    counts, notes = zip(
        *(_counts(share, total) for share, total in zip(shares, (positives, negatives), strict=True)),
        strict=True,
    )
    return CheckedYouden(
        j=shares[0].value + shares[1].value - 1.0,
        range=of_j,
        printed_j=None if j is None else Check(j.as_share(), of_j),
        true_positives=counts[0],
        true_negatives=counts[1],
        notes=tuple(note for note in notes if note is not None),
    )


def possible_counts(share: Printed, total: int) -> tuple[int, ...]:
    """List the counts of ``total`` that are printed as this share of 1.

    Parameters
    ----------
    share : Printed
        As :meth:`~app.stats.printed.Printed.as_share` gives it.
    total : int
        At least 1.
    """
    around = range(max(0, math.floor(share.low * total)), min(total, math.ceil(share.high * total)) + 1)
    return tuple(count for count in around if abs(count / total - share.value) <= share.half + SLACK)


def _counts(share: Printed, total: int | None) -> tuple[tuple[int, ...] | None, Note | None]:
    if total is None or total < 1:
        return None, None
    found = possible_counts(share, total)
    if found:
        return found, None
    found = possible_counts(share.without_last_zeros(), total)
    if found:
        return found, Note.of("check.zeros_added", printed=share.text, count=found[0], total=total)
    return (), Note.of("check.no_count", printed=share.text, total=total)
