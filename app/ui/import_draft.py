"""What a person has decided so far about images that wait to be imported. Pure: no Qt, nothing stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from pathlib import Path

from app.domain.errors import InputError
from app.domain.maps import MEASURED, Quantity
from app.files.dicom.find import in_charset
from app.files.dicom.found import Confirmation, ReferenceFound, Refusal
from app.files.dicom.wishes import T2STAR, Answer, Question, Rival, SeriesKey, Wishes
from app.services.case_codes import CaseCodes, settle_codes
from app.services.import_exams import Pick
from app.services.open_session import Session
from app.services.survey_import import Standing, Survey, SurveyedExam, SurveyedMap, confirm_scale

Place = tuple[str, Quantity]
"""An exam's key and one of its maps."""

UNITS_OF: dict[str, tuple[str, ...]] = {
    Quantity.FF: ("ff.percent", "ff.permille", "ff.fraction", "ff.hundredths"),
    Quantity.R2STAR: ("r2star.per_second", "r2star.times_ten", "r2star.per_ms"),
    T2STAR: ("t2star.ms", "t2star.tenths_of_ms", "t2star.seconds"),
}
"""Units in which a map may be stored, the usual one first."""


class MapState(Enum):
    """Where a map stands on its way into the session."""

    CARRIED = auto()
    """A signal image: comes along, never measured."""
    SETTLED = auto()
    CONFIRMED = auto()
    WAITS = auto()
    REFUSED = auto()
    KNOWN = auto()
    """It is in the session."""


def map_key(exam: str, quantity: Quantity) -> str:
    """Key of a map among everything that can be ticked."""
    return f"{exam}|{quantity}"


def reference_key(exam: str, found: ReferenceFound) -> str:
    """Key of a reference series among everything that can be ticked."""
    return f"{exam}|{found.series_uid}|{found.name}"


@dataclass(slots=True)
class Draft:
    """A survey and what should become of it.

    Attributes
    ----------
    survey : Survey
        What was found.
    ticks : dict of str to bool
        By key of a map or reference series, where a person changed what was proposed.
    codes : dict of str to str
        Case code by key of an exam; what is not named gets a random one.
    confirmed : dict of Place to Confirmation
        Scales a person confirmed.
    answers, volumes, signal_ff, resample, chosen
        As in :class:`app.files.dicom.wishes.Wishes`; only what was answered in this window.
    charsets : dict of str to str
        Character set by Study Instance UID, where a person chose one to read names in.
    exams : dict of str to SurveyedExam
        By a key that a second look at the same files gives again; with what was confirmed.
    """

    survey: Survey
    ticks: dict[str, bool] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    confirmed: dict[Place, Confirmation] = field(default_factory=dict)
    answers: dict[SeriesKey, Answer] = field(default_factory=dict)
    volumes: dict[Path, Answer] = field(default_factory=dict)
    signal_ff: bool = False
    resample: bool = False
    chosen: frozenset[str] = frozenset()
    charsets: dict[str, str] = field(default_factory=dict)
    exams: dict[str, SurveyedExam] = field(init=False)
    _obeyed: Wishes = field(init=False)
    _remembered: Mapping[SeriesKey, Answer] = field(init=False)

    def __post_init__(self) -> None:
        self._remembered = self.survey.wishes.answers
        self.look_again(self.survey)

    def look_again(self, survey: Survey) -> None:
        """Take another survey of the same files; decisions stay, but for those it leaves no room for."""
        self.survey, self._obeyed = survey, self.wishes
        self.exams = {}
        for exam in survey.exams:
            name = f"{exam.found.identity.study_uid}|{exam.found.identity.frame_uid}"
            alike = sum(key.startswith(f"{name}|") for key in self.exams)
            self.exams[f"{name}|{alike}"] = self._named(exam)
        for place, word in list(self.confirmed.items()):
            try:
                self.confirm(*place, word)
            except (InputError, KeyError):
                del self.confirmed[place]

    def _named(self, exam: SurveyedExam) -> SurveyedExam:
        """An exam with its patient's data in the character set that a person chose."""
        charset = self.charsets.get(exam.found.identity.study_uid, "")
        if not charset:
            return exam
        warnings = tuple(one for one in exam.warnings if not one.code.startswith("people."))
        return replace(exam, found=in_charset(exam.found, charset), warnings=warnings)

    def read_names(self, keys: Iterable[str], charset: str) -> None:
        """Read the names of some exams in a character set, with an empty one as their files say."""
        for key in keys:
            self.charsets[self.exams[key].found.identity.study_uid] = charset
        self.look_again(self.survey)

    # -- what was asked for ---------------------------------------------------------------------------

    @property
    def wishes(self) -> Wishes:
        """What the next look at the files should obey; an answer without its unit is none yet."""
        volumes = {path: one for path, one in self.volumes.items() if one.unit or one.shows not in UNITS_OF}
        return Wishes(dict(self.answers), volumes, self.signal_ff, self.resample, self.chosen)

    def keep_to_survey(self) -> None:
        """Take back the wishes that no look has obeyed."""
        self.answers, self.volumes = dict(self._obeyed.answers), dict(self._obeyed.volumes)
        self.signal_ff, self.resample = self._obeyed.signal_ff, self._obeyed.resample
        self.chosen = self._obeyed.chosen

    def undecided(self, key: str) -> bool:
        """Whether several series of an exam claim to be FF or R2*, and nobody chose one yet."""
        exam = self.exams[key].found.identity
        place = (exam.study_uid, exam.frame_uid)
        rivals = [one for one in self.survey.rivals if (one.study_uid, one.frame_uid) == place]
        measured = [one for one in rivals if one.shows in UNITS_OF]
        return {one.shows for one in measured} != {one.shows for one in measured if one.chosen}

    def choose(self, rival: Rival, *, on: bool) -> None:
        """Note which of several series of a map is the wanted one, or that none is any more."""
        place = (rival.study_uid, rival.frame_uid, rival.shows)
        others = {
            one.series_uid for one in self.survey.rivals if (one.study_uid, one.frame_uid, one.shows) == place
        }
        self.chosen = (self.chosen - others) | ({rival.series_uid} if on else frozenset())

    def answer(self, question: Question, answer: Answer) -> None:
        """Note what a series shows."""
        if question.key is not None:
            self.answers[question.key] = answer
        else:
            self.volumes |= dict.fromkeys(question.files, answer)

    @property
    def new_answers(self) -> dict[SeriesKey, Answer]:
        """What was answered in this window and the session does not remember yet."""
        return {key: one for key, one in self.answers.items() if self._remembered.get(key) != one}

    def forget(self, question: Question) -> None:
        """Take back what was answered in this window."""
        if question.key is not None:
            self.answers.pop(question.key, None)
        for path in question.files:
            self.volumes.pop(path, None)

    def answer_of(self, question: Question) -> Answer | None:
        """What was answered in this window, else before."""
        if question.key is not None:
            return self.answers.get(question.key, question.answer)
        return self.volumes.get(question.files[0], question.answer)

    # -- scales ---------------------------------------------------------------------------------------

    def confirm(self, key: str, quantity: Quantity, word: Confirmation) -> None:
        """Note a person's word on a scale; a map that is confirmed is ticked.

        Raises
        ------
        InputError
            As :func:`app.services.survey_import.confirm_scale`.
        """
        self.exams[key] = confirm_scale(self.exams[key], quantity, word.factor, word.who)
        self.confirmed[key, quantity] = word

    def take_back(self, key: str, quantity: Quantity) -> None:
        """Forget a person's word on a scale."""
        self.confirmed.pop((key, quantity), None)
        self.look_again(self.survey)

    # -- case codes -----------------------------------------------------------------------------------

    def name_case(self, session: Session, key: str, code: str) -> None:
        """Give an exam a case code, or with an empty one let it be drawn.

        Raises
        ------
        InputError
            As :func:`app.services.case_codes.settle_codes`; the codes stay as they were then.
        """
        self._take_codes(session, {key: code})

    def name_cases(self, session: Session, table: CaseCodes) -> int:
        """Give every exam of a table the case code that stands there; how many got one.

        Raises
        ------
        InputError
            As :meth:`name_case` and :meth:`app.services.case_codes.CaseCodes.code_for`.
        """
        free = {key: exam.found.identity for key, exam in self.exams.items() if not exam.code}
        codes = {key: table.code_for(identity) for key, identity in free.items()}
        taken = {key: code for key, code in codes.items() if code}
        self._take_codes(session, taken)
        return len(taken)

    def _take_codes(self, session: Session, codes: Mapping[str, str]) -> None:
        wanted = {**self.codes, **codes}
        # asked for all of them, so that no code is what another patient here is known by
        settle_codes(
            session, [(exam.found.identity, wanted.get(key, "")) for key, exam in self.exams.items()]
        )
        self.codes = wanted

    # -- ticks ----------------------------------------------------------------------------------------

    def ready(self, key: str) -> list[SurveyedMap]:
        """Measured maps of an exam that can be imported as things stand."""
        exam = self.exams[key]
        if exam.standing in (Standing.KNOWN, Standing.REFUSED):
            return []
        ready = (MapState.SETTLED, MapState.CONFIRMED)
        return [one for one in exam.maps if state_of(exam, one) in ready]

    def ticked_maps(self, key: str) -> list[SurveyedMap]:
        """Measured maps that will be imported.

        Proposed are those of an exam in which none waits, no series is to be chosen, and whose voxels no
        other case holds.
        """
        proposed = not (self.exams[key].waiting or self.exams[key].same_as or self.undecided(key))
        return [one for one in self.ready(key) if self.ticks.get(map_key(key, one.found.quantity), proposed)]

    def ticked_references(self, key: str) -> list[ReferenceFound]:
        """Reference series that will be imported: they come with a map, or to an exam that has one."""
        exam = self.exams[key]
        joins = exam.standing is Standing.JOINS
        if exam.standing in (Standing.KNOWN, Standing.REFUSED) or not (joins or self.ticked_maps(key)):
            return []
        named = ((one.found, reference_key(key, one.found)) for one in exam.references)
        return [found for found, name in named if self.ticks.get(name, True)]

    def is_ticked(self, key: str) -> bool:
        """Whether an exam will be imported."""
        return bool(self.ticked_maps(key) or self.ticked_references(key))

    def tick_exam(self, key: str, *, on: bool) -> None:
        """Tick or untick everything of an exam that can be imported."""
        for one in self.ready(key):
            self.ticks[map_key(key, one.found.quantity)] = on
        for reference in self.exams[key].references:
            self.ticks[reference_key(key, reference.found)] = on

    def tick_map(self, key: str, quantity: Quantity, *, on: bool) -> None:
        """Tick or untick one map."""
        self.ticks[map_key(key, quantity)] = on

    def tick_reference(self, key: str, found: ReferenceFound, *, on: bool) -> None:
        """Tick or untick a reference series; it never comes alone, so ticking it may tick the maps."""
        if on and not self.is_ticked(key):
            self.tick_exam(key, on=True)
        self.ticks[reference_key(key, found)] = on

    # -- what goes into the session -------------------------------------------------------------------

    def picks(self) -> Iterator[Pick]:
        """Every ticked exam with its ticked maps, confirmed factors and case code."""
        for key, exam in self.exams.items():
            if self.is_ticked(key):
                ticked = {one.found.quantity for one in self.ticked_maps(key)}
                # signal images tell the foreground, on which the scale rests
                maps = tuple(
                    one for one in exam.found.maps if one.quantity in ticked or one.quantity not in MEASURED
                )
                found = replace(
                    exam.found,
                    maps=maps,
                    references=tuple(self.ticked_references(key)),
                    signal_ff=exam.found.signal_ff and Quantity.FF in ticked,
                )
                # who ticks it has read that another case holds the same voxels
                yield Pick(found, self.codes.get(key, ""), twin=bool(exam.same_as))


def state_of(exam: SurveyedExam, one: SurveyedMap) -> MapState:
    """Where a map of an exam stands."""
    if isinstance(one.decision, Refusal):
        return MapState.REFUSED
    if exam.standing is not Standing.REFUSED and exam.code and one.found.quantity not in exam.adds:
        return MapState.KNOWN
    if one.found.quantity not in MEASURED:
        return MapState.CARRIED
    if one.scaling is not None:
        return MapState.SETTLED
    return MapState.CONFIRMED if one.found.confirmed is not None else MapState.WAITS
