"""What a person asks for on the command line beyond what headers say, such as ``--volume``, ``--answer``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from app.domain.errors import InputError
from app.domain.maps import Quantity
from app.domain.progress import Progress
from app.files.dicom.inspecting import OneCount, find_all
from app.files.dicom.wishes import Answer, Question, Rival, SeriesKey, Wishes

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
    charset : str
        As in :class:`app.files.dicom.wishes.Wishes`.
    confirmed : mapping of str to float
        Factor by quantity, for maps whose scale rule and range do not settle.
    confirmed_by : str
        Who confirmed them.
    """

    volumes: tuple[Said, ...] = ()
    answers: tuple[Said, ...] = ()
    who: str = ""
    signal_ff: bool = False
    resample: bool = False
    charset: str = ""
    confirmed: Mapping[str, float] = field(default_factory=dict)
    confirmed_by: str = ""

    @property
    def factors(self) -> dict[Quantity, float]:
        """Confirmed factor of each map."""
        return {Quantity(name): factor for name, factor in self.confirmed.items()}


def refuse_nobody(asked: AskedFor) -> None:
    """Refuse what is said or confirmed by nobody.

    Raises
    ------
    InputError
        ``scale.nobody_confirms`` or ``cli.nobody_answers``.
    """
    if asked.confirmed and not asked.confirmed_by.strip():
        raise InputError("scale.nobody_confirms")
    if (asked.answers or asked.volumes) and not asked.who.strip():
        raise InputError("cli.nobody_answers")


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
        ``cli.no_such_series`` or ``cli.no_such_volume``: nothing of that name waits for an answer;
        ``cli.several_series``: several of that name rival each other.
    """
    plain = Wishes(dict(remembered), {}, asked.signal_ff, asked.resample, charset=asked.charset)
    if not (asked.volumes or asked.answers):
        return plain
    found = find_all(paths, OneCount(progress), plain)
    questions = found.questions
    answers = dict(remembered)
    chosen: set[str] = set()
    for name, shows, unit in asked.answers:
        rivals = _rivals(name, shows, found.rivals)
        chosen.update(rivals)
        if not rivals:
            answers |= dict.fromkeys(_series(name, questions), Answer(shows, unit, asked.who))
    volumes: dict[Path, Answer] = {}
    for name, shows, unit in asked.volumes:
        volumes |= dict.fromkeys(_volume(name, questions), Answer(shows, unit, asked.who))
    return replace(plain, answers=answers, volumes=volumes, chosen=frozenset(chosen))


def _rivals(name: str, shows: str, rivals: Sequence[Rival]) -> list[str]:
    """Series UIDs of those that are called so, or have this UID, and rival others as the map named.

    Raises
    ------
    InputError
        ``cli.several_series``: two that rival each other are called so.
    """
    meant = [one for one in rivals if name in (one.description, one.series_uid) and one.shows == shows]
    places = {(one.study_uid, one.frame_uid) for one in meant}
    if len(places) < len(meant):
        raise InputError("cli.several_series", description=name)
    return [one.series_uid for one in meant]


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
