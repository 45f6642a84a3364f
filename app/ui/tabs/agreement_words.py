"""Names, units and titles of the Agreement tab. Pure: imports no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.domain.maps import Quantity
from app.services.agreement_readings import Pair, Rater
from app.services.analyse import NAMES
from app.services.study_agreement import StudyAgreement
from app.services.study_data import Study
from app.stats.icc import Icc
from app.stats.result import Interval, NotDefined, Note
from app.stats.sentences import sentence
from app.ui.present import screen_unit
from app.ui.sentences import label
from app.ui.tabs.words import DECIMALS, figure, interval, levels_text

RATIO_DECIMALS = 3
"""Of ratios, which lie close to 1."""

# letters of both names that still fit beside a plot in the smallest window
_LONG = 24


@dataclass(frozen=True, slots=True)
class Words:
    """What things are called for one selection.

    Attributes
    ----------
    name : str
        Of the map: ``FF``.
    value : str
        Name and unit of a value: ``FF (%)``.
    unit : str
        Of a plain difference: percentage points, or the unit of the map.
    what : str
        The measured value in a sentence, with those who measured it.
    decimals : int
        Of figures on the chosen scale.
    vertebrae : bool
        Points are vertebrae, so intervals that take them as independent are left out.
    within : bool
        One reader against themselves.
    """

    name: str
    value: str
    unit: str
    what: str
    decimals: int
    vertebrae: bool
    within: bool


def words_of(study: Study, found: StudyAgreement) -> Words:
    """Name everything for a selection."""
    quantity, asked = study.selection.quantity, found.asked
    name, unit = NAMES[quantity], screen_unit(study.unit(quantity))
    levels = found.readings.name
    measured = (
        label("agreement.what_vertebrae", name=name, levels=levels)
        if asked.unit == "vertebra"
        else label("stats.what", name=name, levels=levels_text(levels))
    )
    return Words(
        name=name,
        value=label("stats.value", name=name, unit=unit),
        unit=label("stats.percentage_points") if quantity is Quantity.FF else unit,
        what=measured if asked.pair is None else _by_whom(measured, asked.pair),
        decimals=RATIO_DECIMALS if asked.scale in {"ratio", "log_ratio"} else DECIMALS,
        vertebrae=asked.unit == "vertebra",
        within=asked.pair is not None and asked.pair.within,
    )


def _by_whom(measured: str, pair: Pair) -> str:
    first, second = pair.first, pair.second
    if pair.within:
        rounds = {"first": first.round, "second": second.round}
        return label("agreement.what_rounds", what=measured, reader=first.reader, **rounds)
    return label("agreement.what_readers", what=measured, first=first.reader, second=second.reader)


def pair_name(pair: Pair) -> str:
    """What is compared: ``Li − Chen``, or ``Li: round 1 − 2``."""
    first, second = pair.first, pair.second
    if pair.within:
        rounds = {"first": first.round, "second": second.round}
        return label("agreement.compare.rounds", reader=first.reader, **rounds)
    return label("agreement.compare.readers", first=first.reader, second=second.reader)


def axis_titles(found: StudyAgreement, pair: Pair, words: Words) -> tuple[str, str]:
    """Titles of the x and the y axis; names too long for the height of a plot stand along the x axis."""
    sides = _sides(pair)
    short = len(sides[0]) + len(sides[1]) <= _LONG
    if not short:
        sides = label("agreement.rater.first"), label("agreement.rater.second")
    named = {"first": sides[0], "second": sides[1], "name": words.name, "unit": words.unit}
    return _across(found, pair, words, short=short), label(f"agreement.axis.{found.asked.scale}", **named)


def _sides(pair: Pair) -> tuple[str, str]:
    """What is subtracted: the readers, or the rounds of one."""
    if not pair.within:
        return pair.first.reader, pair.second.reader
    return (
        label("agreement.rater.round", round=pair.first.round),
        label("agreement.rater.second_round", round=pair.second.round),
    )


def _across(found: StudyAgreement, pair: Pair, words: Words, *, short: bool) -> str:
    against = found.asked.against
    if against == "rank":
        return label("agreement.axis.rank", name=words.name)
    if against != "mean":
        rater = pair.first if against == "first" else pair.second
        return label("agreement.axis.reading", rater=_rater(pair, rater), value=words.value)
    among = "rounds" if pair.within else "readers" if short else "named"
    point = "vertebra" if words.vertebrae else "mean"
    who = {"reader": pair.first.reader, "first": pair.first.reader, "second": pair.second.reader}
    return label(f"agreement.axis.{point}.{among}", value=words.value, **who)


def _rater(pair: Pair, rater: Rater) -> str:
    if not pair.within:
        return rater.reader
    return label("agreement.rater.of_round", reader=rater.reader, round=rater.round)


def of_rounds(result: Icc | NotDefined, words: Words) -> Icc | NotDefined:
    """Call the readings of one reader rounds, where the forms speak of readers."""
    if isinstance(result, NotDefined) or not words.within:
        return result
    single, mean = label("agreement.kind.round"), label("agreement.kind.rounds", k=result.k)
    forms = (replace(one, kind=mean if one.symbol.endswith("k)") else single) for one in result.forms)
    return replace(result, forms=tuple(forms))


def graded(family: str, words: tuple[str, str] | None) -> str:
    """What the limits of an interval mean in words; empty without an interval."""
    return "" if words is None else sentence(Note.of(f"{family}.{'_'.join(words)}"))


def reason(item: object) -> str:
    """Why there is no figure; empty where there is one."""
    return sentence(item) if isinstance(item, NotDefined) else ""


def with_interval(value: float | None, ci: Interval | None, decimals: int = 3) -> str:
    """A figure above its interval, where a table has many columns."""
    told = figure(value, decimals)
    if ci is None:
        return told
    return label("agreement.cell.with_ci", value=told, ci=interval(ci, decimals))
