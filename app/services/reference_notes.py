"""What a reader of the statistics should know of the regions that BMD and T-score are of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from app.domain.clinical import Scheme
from app.domain.protocol import LOWEST, Protocol
from app.services.cohort_reference import Reference
from app.stats.result import Note

_UNSTATED = "?"


def region_notes(
    references: Sequence[Reference], protocol: Protocol, levels: str, scheme: Scheme
) -> tuple[Note, ...]:
    """Notes on the regions of a cohort's references; none where nothing is known of anybody.

    Parameters
    ----------
    references : sequence of Reference
        Of the patients.
    protocol : Protocol
        Gives the regions of BMD and T-score.
    levels : str
        Levels of the MRI mean.
    scheme : Scheme
        What makes the groups.
    """
    if all(one.bmd is None and one.tscore is None for one in references):
        return ()
    notes = _of_both if protocol.tscore_region == protocol.bmd_region else _of_each
    return tuple(notes(references, protocol, levels, scheme))


def _plain_bmd(references: Sequence[Reference], scheme: Scheme) -> bool:
    return any(one.plain_bmd or (one.plain_qct and scheme is Scheme.QCT) for one in references)


def _plain_tscore(references: Sequence[Reference]) -> bool:
    return any(one.plain_tscore for one in references)


def _of_both(
    references: Sequence[Reference], protocol: Protocol, levels: str, scheme: Scheme
) -> Iterator[Note]:
    region = protocol.bmd_region
    if _plain_bmd(references, scheme) or _plain_tscore(references):
        yield Note.of("cohort.region_not_stated", region=region)
    if region != levels:
        yield Note.of("cohort.region_differs", region=region, levels=levels)
    if "L5" in region:
        yield Note.of("cohort.region_with_l5", region=region)


def _of_each(
    references: Sequence[Reference], protocol: Protocol, levels: str, scheme: Scheme
) -> Iterator[Note]:
    bmd, tscore = protocol.bmd_region, protocol.tscore_region
    if _plain_bmd(references, scheme):
        yield Note.of("cohort.region_not_stated", region=bmd)
    if tscore == LOWEST:
        yield from _lowest(references)
    else:
        if _plain_tscore(references):
            yield Note.of("cohort.region_not_stated", region=tscore)
        yield Note.of("cohort.tscore_region", tscore=tscore, bmd=bmd)
    if bmd != levels:
        yield Note.of("cohort.bmd_region_differs", region=bmd, levels=levels)
    if "L5" in bmd:
        yield Note.of("cohort.bmd_with_l5", region=bmd)
    if "L5" in tscore:
        yield Note.of("cohort.tscore_with_l5", region=tscore)


def _lowest(references: Sequence[Reference]) -> Iterator[Note]:
    counted = Counter(one.tscore_region or _UNSTATED for one in references if one.tscore is not None)
    if counted:
        told = ", ".join(f"{region} {count}" for region, count in sorted(counted.items()))
        yield Note.of("cohort.tscore_lowest", regions=told)
