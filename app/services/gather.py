"""Everything the statistics need of a session, read once: all readers, all rounds, all levels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.domain.case_facts import Because
from app.domain.protocol import Protocol
from app.domain.reading import Viewer
from app.services.final_values import held_by_level, in_force
from app.services.open_session import Session
from app.store import clinical, exams, rounds, sessions
from app.store.adjudications import Adjudication, adjudications
from app.store.case_facts import CaseResult, results_of_cases
from app.store.clinical import JoinedRow
from app.store.database import Database
from app.store.exams import ExamRow
from app.store.results import LevelResult, results
from app.store.rounds import RoundKind

ROUND = 1
"""Round the final values and the agreement between readers come from; later rounds are repeats."""


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """What a session holds. Training exams are in none of it.

    Attributes
    ----------
    protocol : Protocol
        In force.
    synthetic : bool
        The patients are made up.
    readers : tuple of str
        All readers, by enrolment.
    enrolled : tuple of ExamRow
        Exams of the study.
    trained : int
        Exams that were for training.
    told : tuple of LevelResult
        Every signed-off level.
    said : tuple of CaseResult
        What readers said of whole cases.
    excluded : mapping of int to Because
        Exams whose patient is left out, and why.
    decided : tuple of Adjudication
        What a coordinator decided and still holds.
    joined : tuple of JoinedRow
        The newest clinical table, as far as it has a case.
    early : frozenset of (str, int, int)
        Repeats that were offered without their wash-out: reader, exam and round.
    same_patient : tuple of frozenset of int
        Exams of patients who have several, one group for each.
    """

    protocol: Protocol
    synthetic: bool
    readers: tuple[str, ...]
    enrolled: tuple[ExamRow, ...]
    trained: int
    told: tuple[LevelResult, ...]
    said: tuple[CaseResult, ...]
    excluded: Mapping[int, Because]
    decided: tuple[Adjudication, ...]
    joined: Sequence[JoinedRow]
    early: frozenset[tuple[str, int, int]] = frozenset()
    same_patient: tuple[frozenset[int], ...] = ()

    def signed(self, number: int = ROUND) -> list[LevelResult]:
        """All signed-off levels of a round."""
        return [one for one in self.told if one.round == number]

    def cells(self, number: int = ROUND) -> list[LevelResult]:
        """Those of patients nobody left out."""
        return [one for one in self.signed(number) if one.exam_id not in self.excluded]

    def active(self, number: int = ROUND) -> tuple[str, ...]:
        """Readers who have signed off anything that counts in a round, by enrolment."""
        names = {cell.reader for cell in self.cells(number)}
        return tuple(name for name in self.readers if name in names)

    @property
    def rounds(self) -> tuple[int, ...]:
        """Rounds in which anything is signed off, the first always."""
        return tuple(sorted({ROUND, *(one.round for one in self.told)}))


def gather(session: Session, viewer: Viewer) -> Gathered:
    """Read a session.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the protocol blinds.
    """
    database = session.database
    with database.snapshot():
        training = rounds.training(database)
        told = tuple(
            one for one in results(database, viewer) if one.signed_off and one.exam_id not in training
        )
        said = tuple(one for one in results_of_cases(database, viewer) if one.exam_id not in training)
        every = exams.exams(database)
        first = [one for one in told if one.round == ROUND]
        readers = sessions.readers(database)
        return Gathered(
            protocol=session.protocol,
            synthetic=session.synthetic,
            readers=tuple(reader.name for reader in readers),
            enrolled=tuple(exam for exam in every if exam.id not in training),
            trained=sum(exam.id in training for exam in every),
            told=told,
            said=said,
            excluded=excluded_of(said),
            decided=tuple(in_force(adjudications(database, viewer), held_by_level(first)).values()),
            joined=clinical.newest(database, viewer, unmatched=0),
            early=_early(database, {reader.id: reader.name for reader in readers}),
            same_patient=exams.of_one_patient(database),
        )


def _early(database: Database, names: Mapping[int, str]) -> frozenset[tuple[str, int, int]]:
    repeats = {one.number for one in rounds.rounds(database) if one.kind is RoundKind.REPEAT}
    return frozenset(
        (names[reader_id], exam_id, number)
        for (reader_id, number), cases in rounds.given(database).items()
        if number in repeats
        for exam_id, one in cases.items()
        if one.active and not one.due_utc
    )


def excluded_of(said: Iterable[CaseResult]) -> dict[int, Because]:
    """Exams whose patient a reader left out in a signed-off reading of the first round, and why.

    One reader is enough: what they found holds for the patient. Where reasons differ, that of the reader
    enrolled first stands.
    """
    found: dict[int, Because] = {}
    for one in said:
        if one.signed_off and one.round == ROUND and one.facts.excluded is not None:
            found.setdefault(one.exam_id, one.facts.excluded)
    return found
