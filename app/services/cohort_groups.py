"""Which bone-density group a patient belongs to and who has the outcome, by the scheme that was chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from app.domain.clinical import OSTEOPENIA_BELOW, QCT_UNIT, Group, Scheme, group_of, qct_group_of
from app.domain.protocol import Protocol
from app.services.cohort_reference import Reference
from app.services.patient_means import FloatArray
from app.services.selection import Outcome, Selection


def schemes_of(references: Iterable[Reference], chosen: Scheme) -> tuple[Scheme, ...]:
    """Schemes that can be chosen; what is chosen stays among them, so that it can be seen and left."""
    has_qct = chosen is Scheme.QCT or any(one.qct is not None for one in references)
    return (Scheme.T_SCORE, Scheme.QCT) if has_qct else (Scheme.T_SCORE,)


def group_by(one: Reference, scheme: Scheme) -> Group | None:
    """Group of a patient; None where the table lacks what the scheme needs."""
    if scheme is Scheme.QCT:
        return qct_group_of(one.qct, QCT_UNIT)
    return group_of(one.tscore)


def positive(references: Sequence[Reference], selection: Selection, protocol: Protocol) -> FloatArray:
    """1 for a positive patient, 0 for a negative one, NaN where the clinical table does not say."""
    outcome = selection.outcome
    if outcome is Outcome.FEMALE:
        sexes = np.array([one.sex for one in references], dtype=object)
        return np.where(sexes == "F", 1.0, np.where(sexes == "M", 0.0, np.nan))
    if selection.scheme is Scheme.QCT:
        return _by_group([group_by(one, Scheme.QCT) for one in references], outcome)
    tscore = np.array([one.tscore for one in references], dtype=float)
    limit = tscore <= protocol.positive_t_score
    if outcome is Outcome.LOW_BONE_MASS:
        limit = tscore < float(OSTEOPENIA_BELOW)
    return np.where(np.isfinite(tscore), limit, np.nan)


def _by_group(groups: Sequence[Group | None], outcome: Outcome) -> FloatArray:
    low = {Group.OSTEOPOROSIS, Group.OSTEOPENIA} if outcome is Outcome.LOW_BONE_MASS else {Group.OSTEOPOROSIS}
    return np.array([np.nan if group is None else float(group in low) for group in groups], dtype=float)
