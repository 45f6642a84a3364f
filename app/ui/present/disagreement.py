"""Rows and sentences of the page on which readers are compared. Pure, no Qt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isinf

from app.domain.disagreement import Ground, Held, How, Ruling
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.services.disagreements import UNEXPLAINED, Adjudication, Dispute
from app.ui import sentences
from app.ui.present import DASH, text

_ENDLESS = "∞"


def queue_row(dispute: Dispute) -> tuple[str, ...]:
    """Case, level, the readers' values of each map and how far they are apart, why, and the decision."""
    return (
        dispute.code,
        dispute.level.value,
        _values(dispute, Quantity.FF),
        gap_text(dispute, Quantity.FF),
        _values(dispute, Quantity.R2STAR),
        gap_text(dispute, Quantity.R2STAR),
        why_text(dispute),
        state_text(dispute),
    )


def _values(dispute: Dispute, quantity: Quantity) -> str:
    means = (held.mean(quantity) for held in dispute.held)
    told = (DASH if mean is None else text("disagree.value", value=mean) for mean in means)
    return text("disagree.between_values").join(told)


def gap_text(dispute: Dispute, quantity: Quantity) -> str:
    """How far the readers are apart on a map: FF in points, R2* as a share of the mean."""
    gap = dispute.comparison.gaps.get(quantity)
    if gap is None:
        return text("disagree.no_gap")
    if quantity is Quantity.FF:
        return text("disagree.ff_apart", amount=abs(gap.difference))
    return _ENDLESS if isinf(gap.share) else text("disagree.r2star_apart", amount=gap.share * 100)


def why_text(dispute: Dispute) -> str:
    """Why a level is in the queue, in a few words."""
    # two readers of whom the same is said
    grounds = list(
        dict.fromkeys(text(f"ground.{one.code}", **one.values) for one in dispute.comparison.grounds)
    )
    return text("disagree.between").join([text("ground.ended"), *grounds] if dispute.ended else grounds)


def why_sentences(dispute: Dispute) -> list[str]:
    """Why a level is in the queue, in whole sentences."""
    grounds = [_ground_text(one) for one in dispute.comparison.grounds]
    return [sentences.sentence("disagree.ended", {}), *grounds] if dispute.ended else grounds


def _ground_text(ground: Ground) -> str:
    """What speaks for a second look; with the reader, where a rule speaks of one's values."""
    told = sentences.sentence(ground.code, ground.values)
    # a sentence made for this page names them itself
    if not ground.reader or ground.code == UNEXPLAINED:
        return told
    return text("disagree.of_reader", reader=ground.reader, told=told)


def state_text(dispute: Dispute) -> str:
    """The decision that holds, or that one is awaited."""
    if dispute.decided is not None:
        return ruling_text(dispute.decided.ruling)
    if dispute.ended:
        return text("disagree.again")
    return text("disagree.waits" if dispute.waits else "disagree.to_look_at")


def ruling_text(ruling: Ruling) -> str:
    """What was decided, in a few words."""
    if ruling.how is How.READER:
        return text("disagree.reader", reader=ruling.chosen)
    if ruling.reason is not None:
        return text("disagree.excluded", reason=sentences.REASONS[ruling.reason])
    return text("disagree.drawn" if ruling.how is How.DRAWN else "disagree.mean")


def decided_text(decided: Adjudication | None) -> str:
    """Who decided what and when; that nothing is decided."""
    if decided is None:
        return text("disagree.not_decided")
    note = decided.ruling.note
    when = decided.at_utc[:16].replace("T", " ")
    code = "disagree.decided_note" if note else "disagree.decided"
    return text(code, who=decided.who, when=when, what=ruling_text(decided.ruling), note=note)


def values_text(stats: Mapping[Quantity, RoiStats]) -> str:
    """FF and R2* with their units."""
    return _means_text({quantity: one.mean for quantity, one in stats.items() if one.mean is not None})


def _means_text(means: Mapping[Quantity, float]) -> str:
    ff, r2star = means.get(Quantity.FF), means.get(Quantity.R2STAR)
    if ff is None and r2star is None:
        return text("disagree.values_none")
    if ff is None:
        return text("disagree.values_r2star", r2star=r2star)
    return text("disagree.values_ff" if r2star is None else "disagree.values", ff=ff, r2star=r2star)


def held_text(held: Held) -> str:
    """What a reader holds: values, or why there are none."""
    if held.reason is not None:
        return text("disagree.not_measured", reason=sentences.REASONS[held.reason])
    return values_text(held.stats)


def recorded_text(told: str) -> str:
    """A decision as the record keeps it, in words; anything else as it stands there."""
    try:
        found = json.loads(told)
        reason = found.get("reason", "")
        words = {
            How.MEAN: text("disagree.mean"),
            How.READER: text("disagree.reader", reader=found.get("reader", DASH)),
            How.DRAWN: text("disagree.drawn"),
            How.EXCLUDED: text("disagree.excluded", reason=sentences.REASONS.get(reason, reason)),
        }
        what = words[How(found["how"])]
        means = {Quantity(name): mean for name, mean in found.get("means", {}).items()}
        return text("disagree.recorded", what=what, values=_means_text(means)) if means else what
    except (ValueError, LookupError, AttributeError, TypeError):
        return told
