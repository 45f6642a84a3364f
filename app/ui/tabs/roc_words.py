"""Words and cells that the views of the ROC tab share. Pure: imports no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from string import Formatter

from app.domain.clinical import OSTEOPENIA_BELOW, QCT_NORMAL_ABOVE, QCT_OSTEOPOROSIS_BELOW
from app.domain.maps import MEASURED, Quantity
from app.services.analyse import NAMES
from app.services.selection import Outcome
from app.services.study_data import Study
from app.services.study_roc import (
    AGE,
    AUTOMATIC,
    COMBINED,
    INTERVALS,
    MARKERS,
    SHARES,
    STATED,
    STYLES,
    RocMarker,
    is_known,
    share_interval,
)
from app.services.study_roc_models import COLUMN, FIRTH, LIKELIHOOD, NESTED, covariate_choices
from app.services.study_roc_units import COVARIANCES
from app.stats.criterion import CutOff, PredictiveValue, Ratio
from app.stats.formatting import confidence, number, percent
from app.stats.proportion import Proportion
from app.stats.result import Interval
from app.stats.sentences import CATALOGUE
from app.ui.sentences import label
from app.ui.tabs.content import Choice, Option
from app.ui.tabs.words import NONE as NO_FIGURE
from app.ui.tabs.words import figure, levels_text, of_scheme, screen_unit

VERTEBRAE = "vertebrae"
"""The view whose values are those of single levels."""

VIEWS = ("curves", "cutoffs", "compare", "model", VERTEBRAE, "readers")
"""What the tab can show."""

PREVALENCES = ("sample", "5", "10", "20", "30", "50")
"""In percent; the first is that of the patients."""

_VALUES: dict[str, Sequence[str]] = {
    "view": VIEWS,
    "interval": INTERVALS,
    "style": STYLES,
    "share": SHARES,
    "prevalence": PREVALENCES,
    "marker": MARKERS,
    "nested": NESTED,
    "fit": (LIKELIHOOD, FIRTH),
    "covariance": COVARIANCES,
}


def chosen(study: Study, name: str) -> str:
    """What was chosen under a name, the first entry where that is not among the choices (any more)."""
    values = _values(study, name)
    wanted = study.selection.option(f"roc.{name}", values[0])
    return wanted if wanted in values else values[0]


def options(study: Study, names: Iterable[str]) -> tuple[Option, ...]:
    """The lists of a view, the one that chooses the view first."""
    return tuple(_option(study, name) for name in ("view", *names))


def _values(study: Study, name: str) -> Sequence[str]:
    if name == "direction":
        # of any other outcome nothing is known beforehand
        is_open = study.selection.outcome is Outcome.FEMALE
        return (AUTOMATIC, STATED) if is_open else (STATED, AUTOMATIC)
    if name == "marker" and not is_known(study.cohort.age):
        return tuple(one for one in MARKERS if one != AGE)
    if name == "covariates":
        return covariate_choices(study)
    return _VALUES[name]


def _option(study: Study, name: str) -> Option:
    full = f"roc.{name}"
    return Option(
        full,
        label(f"{full}_title"),
        tuple(Choice(one, _choice(full, one)) for one in _values(study, name)),
        chosen(study, name),
        label(f"{full}_tip"),
    )


def _choice(full: str, value: str) -> str:
    if value.startswith(COLUMN):
        return label("roc.covariates.column", name=value.removeprefix(COLUMN))
    return label(f"{full}.{value}")


# -- names ------------------------------------------------------------------------------------------------


def outcome_name(study: Study) -> str:
    """What is looked for, in a word or two."""
    return label(f"{of_scheme('roc.looked_for', study.cohort.scheme)}.{study.selection.outcome.value}")


def outcome_rule(study: Study) -> str:
    """What makes a patient positive."""
    limits = {"limit": f"{study.positive_t_score:g}", "low": f"{OSTEOPENIA_BELOW:.1f}"}
    densities = {"osteoporosis": f"{QCT_OSTEOPOROSIS_BELOW:g}", "normal": f"{QCT_NORMAL_ABOVE:g}"}
    code = of_scheme("roc.outcome", study.cohort.scheme)
    return label(f"{code}.{study.selection.outcome.value}", **limits, **densities)


def counted(study: Study, n_positive: int, n: int) -> str:
    """The rule with how many are positive."""
    return label("roc.counted", outcome=outcome_rule(study), n_positive=n_positive, n=n)


def marker_name(one: RocMarker) -> str:
    """What a marker is called in a table."""
    return label("roc.name.age") if one.key == AGE else one.name


def unit_of(study: Study, key: str) -> str:
    """Unit of a marker on the screen; empty of a probability."""
    if key == COMBINED:
        return ""
    return label("roc.years") if key == AGE else screen_unit(study.unit(Quantity(key)))


def with_unit(criterion: str, unit: str) -> str:
    """A criterion with its unit; empty without one."""
    if not criterion:
        return ""
    return label("stats.criterion" if unit else "stats.criterion.probability", criterion=criterion, unit=unit)


def criterion_of(study: Study, one: RocMarker, cutoff: CutOff | None = None) -> str:
    """A cut-off of a marker as it is printed, its Youden cut-off where none is named; empty without one."""
    return with_unit(one.criterion(chosen(study, "style"), cutoff), unit_of(study, one.key))


def share_word(study: Study) -> str:
    """Which interval proportions have."""
    return label(f"roc.word.{chosen(study, 'share')}")


def said_of(study: Study, quantity: Quantity) -> str:
    """A map in a sentence: ``FF (mean of L1-L5)``."""
    cohort = study.cohort
    return label("stats.what", name=NAMES[quantity], levels=levels_text(cohort.levels, cohort.mean))


def both_maps() -> str:
    """What the combined markers are called."""
    return " + ".join(NAMES[quantity] for quantity in MEASURED)


# -- cells ------------------------------------------------------------------------------------------------


def share_cell(share: Proportion | None, method: str) -> str:
    """A proportion with its counts, and its interval in a second line."""
    if share is None:
        return NO_FIGURE
    found = share_interval(share, method)
    low, high = percent(found.low), percent(found.high)
    return label("stats.share_cell", percent=percent(share.value), counts=str(share), low=low, high=high)


def ratio_cell(ratio: Ratio | None, decimals: int = 2) -> str:
    """A ratio, and its interval in a second line."""
    if ratio is None:
        return NO_FIGURE
    return with_interval(ratio.value, ratio.ci, decimals)


def with_interval(value: float, interval: Interval | None, decimals: int = 3) -> str:
    """A figure, and its interval in a second line."""
    if interval is None:
        return number(value, decimals)
    low, high = number(interval.low, decimals), number(interval.high, decimals)
    return label("roc.cell.interval", value=number(value, decimals), low=low, high=high)


def predictive_cell(value: PredictiveValue | None) -> str:
    """A predictive value, and its interval in a second line."""
    if value is None:
        return NO_FIGURE
    if value.ci is None:
        return label("roc.cell.percent", percent=percent(value.value))
    low, high = percent(value.ci.low), percent(value.ci.high)
    return label("roc.cell.percent_interval", percent=percent(value.value), low=low, high=high)


def to_come() -> str:
    """Stands in a cell whose figure follows."""
    return label("roc.to_come")


def sentence_to_come(code: str, **known: str | int) -> str:
    """A sentence of the statistics whose other figures follow."""
    fields = {name for _, name, _, _ in Formatter().parse(CATALOGUE[code]) if name}
    return CATALOGUE[code].format_map({**dict.fromkeys(fields, to_come()), **known})


def said_cutoff(study: Study, one: RocMarker, cutoff: CutOff) -> str:
    """Say sensitivity and specificity of a cut-off in whole sentences."""
    method = chosen(study, "share")
    sensitivity, specificity = (
        share_interval(share, method) for share in (cutoff.sensitivity, cutoff.specificity)
    )
    bare = one.criterion(chosen(study, "style"))
    return label(
        "roc.said.cutoff",
        criterion=label("roc.said.probability", criterion=bare)
        if one.key == COMBINED
        else criterion_of(study, one),
        level=confidence(cutoff.sensitivity.ci.level),
        sensitivity=percent(cutoff.sensitivity.value),
        true_positives=str(cutoff.sensitivity),
        sensitivity_low=percent(sensitivity.low),
        sensitivity_high=percent(sensitivity.high),
        specificity=percent(cutoff.specificity.value),
        true_negatives=str(cutoff.specificity),
        specificity_low=percent(specificity.low),
        specificity_high=percent(specificity.high),
        method=share_word(study),
        j=figure(cutoff.youden_j),
    )
