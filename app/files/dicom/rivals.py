"""Several series of one study that claim to be the same map: none is chosen silently, a person may choose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from app.domain.errors import Value
from app.domain.maps import Quantity
from app.files.dicom.found import Notice, Refusal
from app.files.dicom.stack import Stack, refuse_all
from app.files.dicom.wishes import T2STAR, Rival, Wishes

_Claims = dict[Quantity, list[Stack]]


def by_place(stacks: Iterable[Stack]) -> dict[tuple[str, str], list[Stack]]:
    """Stacks of each study and frame of reference, in the order given."""
    groups: dict[tuple[str, str], list[Stack]] = defaultdict(list)
    for stack in stacks:
        groups[stack.images[0].study_uid, stack.images[0].frame_uid].append(stack)
    return groups


def single_of_each_kind(stacks: list[Stack], wishes: Wishes) -> tuple[dict[Quantity, Stack], list[Refusal]]:
    """Refuse every series of a quantity that several claim, but for the one that a person chose.

    Which one to measure is not ours to guess.
    """
    claims, spare = _claims(stacks)
    refused = _refuse(spare, "map.t2star_beside_r2star", {})
    single: dict[Quantity, Stack] = {}
    for quantity, members in claims.items():
        values: dict[str, Value] = {"quantity": str(quantity), "series": len(members)}
        chosen = _chosen(members, wishes)
        if len(members) == 1:
            single[quantity] = members[0]
        elif chosen is None:
            refused += _refuse(members, "map.second_of_its_kind", values)
        else:
            note = Notice("map.chosen", values)
            found = replace(chosen.found, notes=(*chosen.found.notes, note))
            single[quantity] = replace(chosen, found=found)
            refused += _refuse((one for one in members if one is not chosen), "map.not_chosen", values)
    return single, refused


def rivals_of(stacks: Iterable[Stack], wishes: Wishes) -> Iterator[Rival]:
    """Series of which a person may choose one; those that nothing tells apart are none."""
    for (study_uid, frame_uid), members in by_place(stacks).items():
        for quantity, claiming in _claims(members)[0].items():
            if len(claiming) == 1 or not _told_apart(claiming):
                continue
            chosen = _chosen(claiming, wishes)
            for stack in claiming:
                yield Rival(
                    study_uid=study_uid,
                    frame_uid=frame_uid,
                    series_uid=stack.found.series_uid,
                    shows=T2STAR if stack.found.reciprocal else str(quantity),
                    files=tuple(dict.fromkeys(stack.found.files)),
                    shape=stack.found.grid.shape,
                    plane=stack.found.grid.plane,
                    description=stack.found.description,
                    of=len(claiming),
                    chosen=stack is chosen,
                )


def _claims(stacks: Iterable[Stack]) -> tuple[_Claims, list[Stack]]:
    """What claims each quantity; and T2* beside an R2* map, which is of no use."""
    claims: _Claims = defaultdict(list)
    for stack in stacks:
        claims[stack.found.quantity].append(stack)
    rates = claims.get(Quantity.R2STAR, [])
    direct = [one for one in rates if not one.found.reciprocal]
    if not direct or len(direct) == len(rates):
        return claims, []
    claims[Quantity.R2STAR] = direct
    return claims, [one for one in rates if one.found.reciprocal]


def _chosen(members: Sequence[Stack], wishes: Wishes) -> Stack | None:
    chosen = [one for one in members if one.found.series_uid in wishes.chosen]
    return chosen[0] if len(chosen) == 1 and _told_apart(members) else None


def _told_apart(members: Sequence[Stack]) -> bool:
    """Whether each has a series of its own: a volume file has none, and one series may hold two stacks."""
    uids = {one.found.series_uid for one in members}
    return len(uids) == len(members) and "" not in uids


def _refuse(stacks: Iterable[Stack], code: str, values: dict[str, Value]) -> list[Refusal]:
    return refuse_all((image for stack in stacks for image in stack.images), code, values)
