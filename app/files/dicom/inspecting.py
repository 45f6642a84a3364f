"""Say everything about some paths, scaling evidence included."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from app.domain.maps import Quantity
from app.domain.progress import Progress
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamFound, Found, MapFound, Refusal, ScaleDecision
from app.files.dicom.load import Judged, judge_exam
from app.files.dicom.wishes import Question, Rival, Wishes

Kept = TypeVar("Kept")
_NONE = Wishes()


@dataclass(frozen=True, slots=True)
class InspectedExam:
    """An exam whose voxels were looked at and let go.

    Attributes
    ----------
    found : ExamFound
        Every map that was found, those that can be used with their ``scaling``; the references that could be
        read; warnings of the voxels among the others.
    decisions : mapping of Quantity to ScaleDecision or Refusal
        Rule and range of every map side by side.
    """

    found: ExamFound
    decisions: Mapping[Quantity, ScaleDecision | Refusal]

    @property
    def usable(self) -> tuple[MapFound, ...]:
        """The maps that an import takes as they are."""
        return tuple(one for one in self.found.maps if one.scaling is not None)

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that an import takes as it is, once; the others are refused."""
        return replace(self.found, maps=self.usable).files


@dataclass(frozen=True, slots=True)
class Inspected:
    """Everything under some paths.

    Attributes
    ----------
    exams : tuple of InspectedExam
        In order of their first file.
    refused : tuple of Refusal
        In order of path; each file is used by an exam or stands here.
    questions : tuple of Question
        Series of which a person may say what they show.
    rivals : tuple of Rival
        Series of which a person may choose one.
    """

    exams: tuple[InspectedExam, ...]
    refused: tuple[Refusal, ...]
    questions: tuple[Question, ...] = ()
    rivals: tuple[Rival, ...] = ()


def inspect_paths(paths: Sequence[Path], progress: Progress, wishes: Wishes = _NONE) -> Inspected:
    """Find and judge every exam under some paths, keeping one exam in memory at a time.

    Parameters
    ----------
    paths : sequence of Path
        Folders, files or archives.
    progress : Progress
        Told of every header, then of every slice, in one count.
    wishes : Wishes
        What a person asked for.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    count = OneCount(progress)
    found = find_all(paths, count, wishes)
    refused: list[Refusal] = [*found.refused]

    def keep(exam: ExamFound, judged: Judged) -> InspectedExam:
        refused.extend(judged.refused)
        return InspectedExam(settled(exam, judged), judged.decisions)

    exams = judge_each(found.exams, count, keep)
    return Inspected(exams, in_order(refused), found.questions, found.rivals)


def settled(found: ExamFound, judged: Judged) -> ExamFound:
    """An exam with what its voxels said: scalings, warnings, and only the references that could be read."""
    if judged.loaded is None:
        return replace(found, references=())
    sources = judged.loaded.sources
    return replace(
        found,
        maps=tuple(sources.get(one.quantity, one) for one in found.maps),
        references=tuple(reference for reference, _ in judged.loaded.references),
        warnings=judged.loaded.warnings,
    )


def in_order(refused: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """In order of path, whatever they came from."""
    return tuple(sorted(refused, key=lambda refusal: refusal.path))


@dataclass(slots=True)
class OneCount:
    """Progress of several steps as one count, of which a time left can be told.

    Each step counts its own pieces from 0; here they go on where those of the steps before ended. Headers are
    followed by voxels: until those are known, each file is expected to be read a second time.

    Attributes
    ----------
    whole : Progress
        Who is told.
    """

    whole: Progress
    _before: int = 0
    _done: int = 0
    _total: int = 0
    _known: int | None = None

    def expect(self, pieces: int) -> None:
        """Say how many pieces are still to come, once that is known."""
        self._known = self._before + pieces

    def report(self, done: int, total: int | None) -> None:
        """Pass on how far a step is.

        Raises
        ------
        Cancelled
            When the user asked to stop.
        """
        if total is None:
            self.whole.report(self._before + done, None)
            return
        # a step of several stretches begins to count anew in each, and is as long as the longest of them
        self._done, self._total = max(self._done, done), max(self._total, total)
        expected = 2 * (self._before + self._total) if self._known is None else self._known
        self.whole.report(self._before + self._done, max(expected, self._before + self._done))

    def ask(self) -> None:
        """Tell the same again, only to hear whether to stop.

        Raises
        ------
        Cancelled
            When the user asked to stop.
        """
        self.report(self._done, self._total)

    def next_step(self) -> None:
        """Begin a step: its pieces are counted from 0 again."""
        self._before += self._total
        self._done = self._total = 0


def find_all(paths: Sequence[Path], count: OneCount, wishes: Wishes) -> Found:
    """What :func:`app.files.dicom.find.find_exams` finds under paths that may lie in each other.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    found = find_exams(_outermost(paths), count, wishes)
    count.next_step()
    return found


def _outermost(paths: Sequence[Path]) -> list[Path]:
    """Each path once, without those that lie in another one."""
    # dropped files come in any spelling; links are for the walk to follow
    whole = {path.absolute(): path for path in reversed(paths)}
    return [path for full, path in reversed(whole.items()) if not any(one in whole for one in full.parents)]


def judge_each(
    exams: Sequence[ExamFound], count: OneCount, keep: Callable[[ExamFound, Judged], Kept]
) -> tuple[Kept, ...]:
    """Read one exam after the other; what is not kept of one is gone before the next is read.

    Parameters
    ----------
    exams : sequence of ExamFound
        From :func:`find_all`.
    count : OneCount
        Told of every slice.
    keep : callable
        Makes of an exam and what its voxels said what is kept of it.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    count.expect(sum(_pieces(exam) for exam in exams))
    kept = []
    for exam in exams:
        # no name holds the voxels here: it would hold them while the next exam is read
        kept.append(keep(exam, judge_exam(exam, count)))
        count.next_step()
    return tuple(kept)


def _pieces(exam: ExamFound) -> int:
    return exam.slices + sum(len(found.files) for found in exam.references)
