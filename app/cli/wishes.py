"""What a person asks for on the command line beyond what headers say, such as ``--volume``, ``--answer``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from app.domain.errors import InputError
from app.domain.progress import Progress
from app.files.dicom.inspecting import OneCount, find_all
from app.files.dicom.wishes import Answer, Question, SeriesKey, Wishes

Said = tuple[str, str, str]
"""A file or a Series Description, what it shows, and its unit."""


@dataclass(frozen=True, slots=True)
class AskedFor:
    """The options as they were given.

    Attributes
    ----------
    volumes, answers : tuple of Said
        What a volume file or a series shows.
    who : str
        Who says so.
    signal_ff, resample : bool
        As in :class:`app.files.dicom.wishes.Wishes`.
    """

    volumes: tuple[Said, ...] = ()
    answers: tuple[Said, ...] = ()
    who: str = ""
    signal_ff: bool = False
    resample: bool = False


def wishes_of(
    asked: AskedFor,
    paths: Sequence[Path],
    progress: Progress,
    remembered: Mapping[SeriesKey, Answer] = MappingProxyType({}),
) -> Wishes:
    """What was asked for, with each answer given to the files it is about.

    Parameters
    ----------
    asked : AskedFor
        The options.
    paths : sequence of Path
        Where to look; looked through once more where there are answers, because only that shows which series
        are called so.
    progress : Progress
        Told of headers then.
    remembered : mapping of SeriesKey to Answer
        What was said before.

    Raises
    ------
    InputError
        ``cli.no_such_series`` or ``cli.no_such_volume``: nothing of that name waits for an answer.
    """
    plain = Wishes(dict(remembered), {}, asked.signal_ff, asked.resample)
    if not (asked.volumes or asked.answers):
        return plain
    questions = find_all(paths, OneCount(progress), plain).questions
    answers = dict(remembered)
    for name, shows, unit in asked.answers:
        answers |= dict.fromkeys(_series(name, questions), Answer(shows, unit, asked.who))
    volumes: dict[Path, Answer] = {}
    for name, shows, unit in asked.volumes:
        volumes |= dict.fromkeys(_volume(name, questions), Answer(shows, unit, asked.who))
    return Wishes(answers, volumes, asked.signal_ff, asked.resample)


def _series(name: str, questions: Sequence[Question]) -> list[SeriesKey]:
    """Every kind of series that is called so."""
    found = [
        question.key for question in questions if question.key is not None and question.description == name
    ]
    if not found:
        raise InputError("cli.no_such_series", description=name)
    return found


def _volume(name: str, questions: Sequence[Question]) -> tuple[Path, ...]:
    """The files of a volume, spelled as the walk spells them."""
    wanted = Path(name).absolute()
    for question in questions:
        if question.key is None and wanted in (path.absolute() for path in question.files):
            return question.files
    raise InputError("cli.no_such_volume", file=Path(name).name)
