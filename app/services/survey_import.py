"""Look at what could be imported: every scale as a decision to be seen, every map as a small picture.

Nothing is written. Voxels are read once, one exam at a time, and let go again; what a person then confirms is
worked out from what was kept of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from app.domain.errors import InputError
from app.domain.grid import Grid
from app.domain.maps import DISPLAY_RANGE, MEASURED, ParametricMap, Quantity, Scaling, Stored
from app.domain.midsagittal import guess_mid_slice
from app.domain.progress import Progress
from app.files.dicom.found import ExamFound, MapFound, Notice, ReferenceFound, Refusal, ScaleDecision
from app.files.dicom.inspecting import OneCount, find_all, in_order, judge_each, settled
from app.files.dicom.load import Judged, notices_with
from app.files.dicom.scale import confirm, confirmed_fits, told
from app.files.dicom.wishes import Question, Rival, Wishes
from app.services.import_exams import remembered_answers
from app.services.open_session import Session
from app.services.thumbnails import Picture, nothing_to_show, thumbnail
from app.store.pixels import pixel_sha256
from app.store.recognise import Fingerprint, Known, recognise, same_voxels

_NONE = Wishes()
Point = tuple[float, float, float]


class Standing(StrEnum):
    """How an exam stands to the session.

    ``NEW``; ``KNOWN``: all of it is in the session; ``JOINS``: it adds maps or reference series to an exam of
    the session; ``WAITS``: somebody must confirm the scale of a map that the session does not have;
    ``REFUSED``: nothing of it can be imported.
    """

    NEW = "new"
    KNOWN = "known"
    JOINS = "joins"
    WAITS = "waits"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, eq=False)
class SurveyedMap:
    """One map of an exam that was looked at.

    Attributes
    ----------
    found : MapFound
        Role, grid and rule; with what was confirmed.
    scaling : Scaling or None
        None where the scale is not settled by rule and range, also once it has been confirmed: then voxels
        are counted when they are imported.
    decision : ScaleDecision or Refusal
        Rule and range side by side, or why nothing a person could say would help.
    thumbnail : ndarray of uint8, shape (rows, cols)
        At most 96 pixels wide and high, as it is shown on screen; shape (0, 0) where nothing could be read.
    """

    found: MapFound
    scaling: Scaling | None
    decision: ScaleDecision | Refusal
    thumbnail: Picture

    @property
    def doubted(self) -> bool:
        """Whether its scale is for a person to confirm, also once that was done."""
        decision = self.decision
        return self.scaling is None and isinstance(decision, ScaleDecision) and decision.needs_confirmation


@dataclass(frozen=True, slots=True, eq=False)
class SurveyedReference:
    """One anatomical series of an exam; thumbnail as in :class:`SurveyedMap`."""

    found: ReferenceFound
    thumbnail: Picture


@dataclass(frozen=True, slots=True, eq=False)
class SurveyedExam:
    """One exam that was looked at.

    Attributes
    ----------
    found : ExamFound
        As it would be imported, confirmations included.
    maps : tuple of SurveyedMap
        Every map that was found, in order of :class:`Quantity`.
    references : tuple of SurveyedReference
        Every anatomical series.
    warnings : tuple of Notice
        What to know about it.
    refused : tuple of Refusal
        Files of it that cannot be imported as they are, with the reason.
    standing : Standing
        How it stands to the session.
    code : str
        Case code of the exam of the session that it is or joins; else empty.
    waiting : tuple of Quantity
        Maps that the session does not have and whose scale nobody has confirmed yet.
    once_confirmed : Standing
        How it stands when nothing waits any more.
    adds : tuple of Quantity
        Maps that the exam of the session with this code lacks; empty where there is no such exam.
    same_as : tuple of str
        Case codes of exams of other studies that hold the same voxels; also named in a warning.
    """

    found: ExamFound
    maps: tuple[SurveyedMap, ...]
    references: tuple[SurveyedReference, ...]
    warnings: tuple[Notice, ...]
    refused: tuple[Refusal, ...]
    standing: Standing
    code: str = ""
    waiting: tuple[Quantity, ...] = ()
    once_confirmed: Standing = Standing.NEW
    adds: tuple[Quantity, ...] = ()
    same_as: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Everything that was looked at.

    Attributes
    ----------
    exams : tuple of SurveyedExam
        In order of their first file.
    questions : tuple of Question
        Series of which a person may say what they show.
    refused : tuple of Refusal
        Every file that is in no exam.
    wishes : Wishes
        What was asked for, with the answers that the session remembers.
    rivals : tuple of Rival
        Series of which a person may choose one.
    """

    exams: tuple[SurveyedExam, ...]
    questions: tuple[Question, ...]
    refused: tuple[Refusal, ...]
    wishes: Wishes = field(default_factory=Wishes)
    rivals: tuple[Rival, ...] = ()


def survey(session: Session, paths: Sequence[Path], progress: Progress, wishes: Wishes = _NONE) -> Survey:
    """Look at everything under some paths.

    Parameters
    ----------
    session : Session
        What it is compared with; its remembered answers hold unless ``wishes`` say otherwise.
    paths : sequence of Path
        Folders, files or archives.
    progress : Progress
        Told of headers, then of slices, in one count.
    wishes : Wishes
        What a person asked for.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    wishes = replace(wishes, answers={**remembered_answers(session), **wishes.answers})
    count = OneCount(progress)
    found = find_all(paths, count, wishes)
    exams = judge_each(found.exams, count, lambda exam, judged: _look(session, exam, judged, count))
    return Survey(exams, found.questions, found.refused, wishes, found.rivals)


def _look(session: Session, found: ExamFound, judged: Judged, count: OneCount) -> SurveyedExam:
    """Keep of an exam what a person needs to see."""
    made = settled(found, judged)
    centre = _centre(found, judged)
    maps = []
    for one in made.maps:
        count.ask()
        picture = _picture(one, judged, centre)
        maps.append(SurveyedMap(one, one.scaling, judged.decisions[one.quantity], picture))
    doubted = [one.found for one in maps if one.doubted]
    fingerprint = _fingerprint(found, judged, doubted, count)
    known = recognise(session.database, fingerprint)
    same_as = same_voxels(session.database, fingerprint) if known is None else ()
    waiting = tuple(one.quantity for one in doubted if known is None or _is_new(one, known))
    standing = _standing(known, could_come=judged.loaded is not None or bool(doubted), waits=bool(waiting))
    return SurveyedExam(
        found=found,
        maps=tuple(maps),
        references=_references(found, judged, centre),
        warnings=(*made.warnings, *_twins(same_as)),
        refused=in_order([*judged.refused, *_apart(found, judged, known)]),
        standing=Standing.WAITS if waiting and standing is not Standing.REFUSED else standing,
        code=known.code if known else "",
        waiting=waiting,
        once_confirmed=standing,
        adds=known.adds if known else (),
        same_as=same_as,
    )


# ---- pictures


def _centre(found: ExamFound, judged: Judged) -> Point:
    """Where the pictures are taken: in the slice that a case would open at."""
    if judged.loaded is None:
        grid = found.maps[0].grid
        place = grid.shape[0] // 2
    else:
        grid = judged.loaded.exam.grid
        place = guess_mid_slice(judged.loaded.exam)
    _, rows, cols = grid.shape
    x, y, z = grid.to_patient((place, (rows - 1) / 2, (cols - 1) / 2)).tolist()
    return x, y, z


def _slice_at(grid: Grid, point: Point) -> int:
    """The slice nearest to a point."""
    return min(max(round(float(grid.to_index(point)[0])), 0), grid.shape[0] - 1)


def _picture(found: MapFound, judged: Judged, centre: Point) -> Picture:
    made = _made(found, judged)
    if made is not None:
        values = made.slice_values(_slice_at(made.grid, centre))
        return thumbnail(values, made.grid, DISPLAY_RANGE.get(found.quantity))
    stored = judged.stored.get(found.quantity)
    if stored is None:
        return nothing_to_show()
    return thumbnail(stored[_slice_at(found.grid, centre)], found.grid)


def _made(found: MapFound, judged: Judged) -> ParametricMap | None:
    return judged.loaded.exam.maps.get(found.quantity) if judged.loaded else None


def _references(found: ExamFound, judged: Judged, centre: Point) -> tuple[SurveyedReference, ...]:
    read = dict(judged.references)
    surveyed = []
    for one in found.references:
        series = read.get(one)
        picture = nothing_to_show()
        if series is not None:
            picture = thumbnail(series.stored[_slice_at(one.grid, centre)], one.grid, series.window)
        surveyed.append(SurveyedReference(one, picture))
    return tuple(surveyed)


# ---- standing


def _fingerprint(
    found: ExamFound, judged: Judged, doubted: Sequence[MapFound], count: OneCount
) -> Fingerprint:
    """What the exam would be recognised by if every scale in doubt were confirmed."""
    maps: dict[Quantity, Stored] = {}
    grids: dict[Quantity, Grid] = {}
    for one in found.maps:
        made = _made(one, judged)
        if made is not None:
            maps[one.quantity], grids[one.quantity] = made.stored, made.grid
        elif one.quantity in judged.stored and one.onto is None and _could_come(one, judged, doubted):
            maps[one.quantity], grids[one.quantity] = judged.stored[one.quantity], one.grid
    hashes = {}
    for quantity, stored in maps.items():
        count.ask()
        hashes[quantity] = pixel_sha256(stored)
    references = tuple(pixel_sha256(series.stored) for _, series in judged.references)
    identity = found.identity
    return Fingerprint(identity.study_uid, identity.frame_uid, hashes, grids, references)


def _could_come(found: MapFound, judged: Judged, doubted: Sequence[MapFound]) -> bool:
    """Whether a map that is not let in would be, after a confirmation: its own, or that of a measured one."""
    signal = found.quantity not in MEASURED and isinstance(judged.decisions[found.quantity], ScaleDecision)
    return found in doubted or (signal and bool(doubted))


def _twins(cases: tuple[str, ...]) -> tuple[Notice, ...]:
    """A warning where cases of the session hold the same voxels."""
    return (Notice("exam.same_voxels", {"case": ", ".join(cases)}),) if cases else ()


def _is_new(doubted: MapFound, known: Known) -> bool:
    """Whether the session lacks a map; what a resampled one will hold depends on the factor."""
    return doubted.quantity in known.adds or doubted.onto is not None


def _standing(known: Known | None, *, could_come: bool, waits: bool) -> Standing:
    """How an exam stands once nothing waits."""
    if not could_come or (known is not None and known.refusal is not None):
        return Standing.REFUSED
    if known is None:
        return Standing.NEW
    return Standing.JOINS if known.joins or waits else Standing.KNOWN


def _apart(found: ExamFound, judged: Judged, known: Known | None) -> list[Refusal]:
    """Files that are good but that the exam of the session cannot take."""
    if known is None or known.refusal is None:
        return []
    left_out = {one.path for one in judged.refused}
    refusal = known.refusal
    return [Refusal(path, refusal.code, refusal.values) for path in found.files if path not in left_out]


# ---- what a person decides


def confirm_scale(exam: SurveyedExam, quantity: Quantity, factor: float, who: str) -> SurveyedExam:
    """Note what a person says of the scale of one map; nothing is read again.

    A map whose scale is settled, or that no word can help, stays as it is.

    Parameters
    ----------
    exam : SurveyedExam
        As it was looked at.
    quantity, factor, who
        As for :func:`app.files.dicom.scale.confirm`.

    Raises
    ------
    InputError
        ``scale.bad_confirmation``; ``scale.confirmed_out_of_range`` when the values cannot be what they are
        called with that factor.
    """
    found = confirm(exam.found, quantity, factor, who)
    one = next((one for one in exam.maps if one.found.quantity == quantity and one.doubted), None)
    if one is None or isinstance(one.decision, Refusal):
        return exam
    if not confirmed_fits(one.found, one.decision, factor):
        raise InputError(
            "scale.confirmed_out_of_range", path=str(quantity), factor=factor, **told(one.decision)
        )
    confirmed = replace(one, found=next(word for word in found.maps if word.quantity == quantity))
    waiting = tuple(other for other in exam.waiting if other is not quantity)
    return replace(
        exam,
        found=found,
        maps=tuple(confirmed if other is one else other for other in exam.maps),
        warnings=_warnings_after(exam, one),
        refused=_refused_after(exam, one),
        standing=exam.once_confirmed if exam.waiting and not waiting else exam.standing,
        waiting=waiting,
    )


def _warnings_after(exam: SurveyedExam, confirmed: SurveyedMap) -> tuple[Notice, ...]:
    """Warnings that hold when one more map comes along."""
    before = {one.found.quantity for one in exam.maps if _comes(one)}
    of_maps = notices_with(exam.found, before)
    of_voxels = [one for one in exam.warnings if one not in of_maps and one not in exam.found.warnings]
    quantity = confirmed.found.quantity
    left = (
        one
        for one in of_voxels
        if not (one.code.startswith("scale.") and one.values.get("quantity", quantity) == quantity)
    )
    return (*notices_with(exam.found, before | {quantity}), *left)


def _comes(one: SurveyedMap) -> bool:
    return one.scaling is not None or (one.doubted and one.found.confirmed is not None)


def _refused_after(exam: SurveyedExam, confirmed: SurveyedMap) -> tuple[Refusal, ...]:
    """Files that stay out when one more map comes along, and with it the signal images of the exam."""
    files = set(confirmed.found.files)
    return tuple(
        one
        for one in exam.refused
        if not (one.code == "exam.no_measured_map" or (one.path in files and one.code.startswith("scale.")))
    )
