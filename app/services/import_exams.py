"""Bring exams into a session: each one transaction, every refused file with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from app.domain.errors import Cancelled, InputError
from app.domain.maps import MEASURED, Quantity
from app.domain.progress import Progress
from app.files.dicom.found import ExamFound, ExamRefused, LoadedExam, Notice, Refusal
from app.files.dicom.inspecting import OneCount, find_all
from app.files.dicom.load import load_exam
from app.files.dicom.scale import confirm_each
from app.files.dicom.wishes import Answer, SeriesKey, Wishes
from app.services.case_codes import CaseCodes, settle_codes
from app.services.changed import Changed, What
from app.services.open_session import Session
from app.store import answers, exams, sessions
from app.store.answers import AnswerRow
from app.store.exams import NewExam
from app.store.recognise import JoinRefused, same_voxels
from app.store.series import NewReference

_NO_WISHES = Wishes()
_RANDOM = CaseCodes()


@dataclass(frozen=True, slots=True)
class Pick:
    """An exam that should be imported.

    Attributes
    ----------
    found : ExamFound
        From :func:`app.files.dicom.find.find_exams`, with what was confirmed.
    code : str
        The case code it should have; empty for a random one. An exam that is in the session keeps its own.
    twin : bool
        It becomes a case also where another one, of another study, holds the same voxels.
    """

    found: ExamFound
    code: str = ""
    twin: bool = False


@dataclass(frozen=True, slots=True)
class ImportedExam:
    """One exam that is in the session now, or was already.

    Attributes
    ----------
    code : str
        Its case code.
    quantities : tuple of Quantity
        The maps that were brought.
    files : int
        Files it came from.
    warnings : tuple of Notice
        What to know about it.
    already : bool
        It was in the session before.
    joined : tuple of Quantity
        Maps that such an exam lacked and has now.
    references : int
        Anatomical series that were added to it.
    """

    code: str
    quantities: tuple[Quantity, ...]
    files: int
    warnings: tuple[Notice, ...]
    already: bool = False
    joined: tuple[Quantity, ...] = ()
    references: int = 0

    @property
    def written(self) -> bool:
        """Whether anything of it was written now."""
        return not self.already or bool(self.joined or self.references)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of every file.

    Attributes
    ----------
    exams : tuple of ImportedExam
        In order of import.
    refused : tuple of Refusal
        Every other file, with its reason.
    cancelled : bool
        Stopped by the user; what stands here was imported before that.
    """

    exams: tuple[ImportedExam, ...]
    refused: tuple[Refusal, ...]
    cancelled: bool = False

    @property
    def changed(self) -> Changed:
        """What the import changed: readings too, where rectangles were counted on a map that joined."""
        what = What.EXAMS if any(exam.written for exam in self.exams) else What.NOTHING
        if any(quantity in MEASURED for exam in self.exams for quantity in exam.joined):
            what |= What.READING
        return Changed(what)


def import_path(
    session: Session,
    path: Path,
    progress: Progress,
    *,
    wishes: Wishes = _NO_WISHES,
    confirmed: Mapping[Quantity, float] = MappingProxyType({}),
    who: str = "",
    codes: CaseCodes = _RANDOM,
    actor: str = sessions.PROGRAM,
) -> ImportReport:
    """Import every exam under one path; as :func:`import_paths`."""
    return import_paths(
        session, [path], progress, wishes=wishes, confirmed=confirmed, who=who, codes=codes, actor=actor
    )


def import_paths(
    session: Session,
    paths: Sequence[Path],
    progress: Progress,
    *,
    wishes: Wishes = _NO_WISHES,
    confirmed: Mapping[Quantity, float] = MappingProxyType({}),
    who: str = "",
    codes: CaseCodes = _RANDOM,
    twins: bool = False,
    actor: str = sessions.PROGRAM,
) -> ImportReport:
    """Import every exam under some paths.

    Parameters
    ----------
    session : Session
        Open for writing; in a job, on a connection of its own.
    paths : sequence of Path
        Folders, files or archives.
    progress : Progress
        Told about files found, then about slices read, in one count.
    wishes : Wishes
        What a person asked for; what the session remembers of series holds beside it.
    confirmed : mapping of Quantity to float
        Factors that a person confirmed, for those maps whose scale rule and range do not settle.
    who : str
        Who confirmed them.
    codes : CaseCodes
        Case codes that exams should have.
    twins : bool
        Exams become cases also where others, of other studies, hold the same voxels.
    actor : str
        Who imports, for the record.

    Raises
    ------
    InputError
        ``scale.bad_confirmation``: a factor that is none, or confirmed by nobody; ``code.one_exam``: one code
        for several exams; and what :func:`import_exams` and :meth:`CaseCodes.code_for` raise. Nothing is
        imported then.
    StoreUnavailable, Cancelled
        As :func:`import_exams`; also while the folders are still being looked through.
    """
    known = {**remembered_answers(session), **wishes.answers}
    count = OneCount(progress)
    found = find_all(paths, count, replace(wishes, answers=known))
    if codes.only and len(found.exams) > 1:
        raise InputError("code.one_exam", exams=len(found.exams))
    picks = [
        Pick(confirm_each(exam, confirmed, who), codes.code_for(exam.identity), twins) for exam in found.exams
    ]
    count.expect(sum(pick.found.slices for pick in picks))
    report = import_exams(session, picks, count, actor=actor)
    return replace(report, refused=_in_order([*found.refused, *report.refused]))


def import_exams(
    session: Session, picks: Sequence[Pick], progress: Progress, *, actor: str = sessions.PROGRAM
) -> ImportReport:
    """Import exams that were found, each in one transaction.

    An exam that is in the session and lacks maps or anatomical series that come now gets them; one whose
    files hold other voxels than the session is refused, and so is one of another study that holds the same
    voxels, unless its pick allows it. Cancelling rolls back the exam at hand and keeps
    those that are already in.

    Parameters
    ----------
    session : Session
        Open for writing; in a job, on a connection of its own.
    picks : sequence of Pick
        What to import.
    progress : Progress
        Told about slices read, of all exams in one count.
    actor : str
        Who imports, for the record.

    Raises
    ------
    InputError
        What :func:`app.services.case_codes.settle_codes` says of the wanted codes. Nothing is imported then.
    StoreUnavailable
        When the session cannot be written. Exams imported before stay.
    """
    codes = settle_codes(session, [(pick.found.identity, pick.code) for pick in picks])
    done: list[ImportedExam] = []
    refused: list[Refusal] = []
    slices = [pick.found.slices for pick in picks]
    try:
        for place, (pick, code) in enumerate(zip(picks, codes, strict=True)):
            share = _Share(progress, sum(slices[:place]), slices[place], sum(slices))
            try:
                loaded = load_exam(pick.found, share)
            except ExamRefused as verdict:
                refused += verdict.refused
                continue
            refused += loaded.refused
            try:
                done.append(_store(session, pick, loaded, code, actor))
            except JoinRefused as verdict:
                refused += _refuse_files(pick.found, loaded, verdict)
    except Cancelled:
        return ImportReport(tuple(done), _in_order(refused), cancelled=True)
    return ImportReport(tuple(done), _in_order(refused))


@dataclass(frozen=True, slots=True)
class _Share:
    """Progress of one exam, told as part of all of them."""

    whole: Progress
    before: int
    own: int
    total: int

    def report(self, done: int, total: int | None) -> None:
        self.whole.report(self.before + (self.own * done // total if total else 0), self.total)


def _in_order(refused: Iterable[Refusal]) -> tuple[Refusal, ...]:
    return tuple(sorted(refused, key=lambda entry: entry.path))


def _new_exam(found: ExamFound, loaded: LoadedExam, code: str) -> NewExam:
    return NewExam(
        exam=replace(loaded.exam, code=code),
        identity=loaded.identity,
        sources={quantity: source.sop_uids for quantity, source in loaded.sources.items()},
        manufacturer=found.manufacturer,
        model=found.model,
        references=tuple(NewReference(series, source.sop_uids) for source, series in loaded.references),
    )


def _store(session: Session, pick: Pick, loaded: LoadedExam, code: str, actor: str) -> ImportedExam:
    packed = exams.pack(_new_exam(pick.found, loaded, code))
    imported = ImportedExam(
        code=code,
        quantities=tuple(loaded.exam.maps),
        files=len(pick.found.files),
        warnings=loaded.warnings,
        references=len(packed.references),
    )
    known = exams.recognise(session.database, packed.fingerprint)
    if known is None:
        twins = () if pick.twin else same_voxels(session.database, packed.fingerprint)
        if twins:
            raise JoinRefused("import.same_voxels", case=", ".join(twins))
        exams.add(session.database, packed, actor=actor)
        return imported
    if known.refusal is not None:
        raise known.refusal
    if known.joins:
        known = exams.join(session.database, known.exam_id, packed, actor=actor)
    return replace(
        imported, code=known.code, already=True, joined=known.adds, references=len(known.references)
    )


def _refuse_files(found: ExamFound, loaded: LoadedExam, verdict: JoinRefused) -> list[Refusal]:
    """One refusal for each file that was good until the session was asked."""
    told = {refusal.path for refusal in loaded.refused}
    return [Refusal(path, verdict.code, verdict.values) for path in found.files if path not in told]


def remember_answers(session: Session, said: Mapping[SeriesKey, Answer]) -> None:
    """Keep what a person said that kinds of series show; later imports into the session follow it.

    Raises
    ------
    StoreUnavailable
        When the session cannot be written.
    """
    rows = [
        AnswerRow(
            manufacturer=key.manufacturer,
            model=key.model,
            protocol=key.protocol,
            description=key.description,
            image_type=key.image_type,
            shows=answer.shows,
            unit=answer.unit,
            who=answer.who,
        )
        for key, answer in said.items()
    ]
    if rows:
        answers.remember(session.database, rows)


def remembered_answers(session: Session) -> dict[SeriesKey, Answer]:
    """What was said of series in this session, the newest word on each."""
    return {
        SeriesKey(row.manufacturer, row.model, row.protocol, row.description, row.image_type): Answer(
            row.shows, row.unit, row.who
        )
        for row in answers.remembered(session.database)
    }
