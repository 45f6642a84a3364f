"""The study's statistics on whatever is signed off: agreement, correlation with BMD, ROC, combined model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from app import __version__
from app.domain.clinical import Scheme
from app.domain.maps import MEASURED, UNITS, Quantity
from app.domain.protocol import Protocol
from app.domain.reading import Viewer
from app.services.assemble_cohort import Cohort, assemble
from app.services.gather import gather
from app.services.open_session import Session
from app.services.selection import LevelMean, Selection
from app.stats.agreement import BlandAltman, bland_altman
from app.stats.combined import LogisticModel, logistic
from app.stats.correlation import Pearson, WithinGroups, pearson, within_groups
from app.stats.icc import Icc, icc
from app.stats.ranking import Direction
from app.stats.result import NotDefined
from app.stats.roc import Roc, roc

DIRECTIONS: Mapping[Quantity, Direction] = MappingProxyType({Quantity.FF: "higher", Quantity.R2STAR: "lower"})
"""Which values mean disease: stated by the study, never guessed from the data."""

NAMES: Mapping[Quantity, str] = MappingProxyType({Quantity.FF: "FF", Quantity.R2STAR: "R2*"})
"""What tables and sentences call the maps."""


@dataclass(frozen=True, slots=True, eq=False)
class MapAnalysis:
    """Everything about one map. Each part is a result or the reason why there is none.

    Attributes
    ----------
    quantity : Quantity
        FF or R2*.
    unit : str
        ``%``; for R2* ``s^-1`` or ``Hz`` as the protocol says.
    bland_altman : BlandAltman or NotDefined
        First reader - second reader, patient means over the levels both measured.
    icc : Icc or NotDefined
        Of the same pairs.
    pearson : Pearson or NotDefined
        x is the final value, y the BMD.
    within_groups : WithinGroups or NotDefined
        The same within the T-score groups.
    roc : Roc or NotDefined
        For the protocol's outcome; high FF, low R2*.
    """

    quantity: Quantity
    unit: str
    bland_altman: BlandAltman | NotDefined
    icc: Icc | NotDefined
    pearson: Pearson | NotDefined
    within_groups: WithinGroups | NotDefined
    roc: Roc | NotDefined


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What the Statistics page, the command line and the report show.

    Attributes
    ----------
    cohort : Cohort
        One row per patient; ``index`` of every result but those of agreement counts its rows.
    compared : Cohort
        Whose rows agreement counts: the same, except where means that lack levels are left out or adjusted,
        which agreement never follows.
    maps : mapping of Quantity to MapAnalysis
        FF and R2*.
    combined : LogisticModel or NotDefined
        FF and R2* together.
    protocol : str
        Stamp of the protocol in force.
    positive_t_score : float
        The outcome of the ROC analyses is ``T <= positive_t_score``, where T-scores make it.
    bmd_region, tscore_region : str
        Region of BMD, and of the T-score or ``lowest``.
    software : str
        Version of the program.
    synthetic : bool
        The session holds made-up patients.
    """

    cohort: Cohort
    compared: Cohort
    maps: Mapping[Quantity, MapAnalysis]
    combined: LogisticModel | NotDefined
    protocol: str
    positive_t_score: float
    bmd_region: str
    tscore_region: str
    software: str
    synthetic: bool


def analyse(
    session: Session,
    viewer: Viewer,
    *,
    levels: str | None = None,
    compare: tuple[str, str] | None = None,
    mean: LevelMean = LevelMean.AT_LEAST,
    scheme: Scheme = Scheme.T_SCORE,
) -> Analysis:
    """Analyse what is signed off.

    Parameters
    ----------
    session : Session
        The study.
    viewer : Viewer
        Who asks.
    levels : str, optional
        Levels of the patient mean (``L1-L4``, ``L1-L5`` or one level); the protocol's otherwise.
    compare : tuple of str, optional
        Names of the two readers to compare; otherwise the first two by enrolment who have signed off.
    mean : LevelMean
        What becomes of means that lack levels.
    scheme : Scheme
        What makes the groups and the outcome.

    Returns
    -------
    Analysis
        Also for an empty session: what cannot be computed says why.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the protocol blinds.
    InputError
        ``cohort.unknown_levels``, ``cohort.unknown_reader``.
    """
    found = gather(session, viewer)
    selection = Selection(levels=levels, mean=mean, scheme=scheme)
    cohort = assemble(found, selection, compare=compare)
    plain = cohort
    if cohort.mean is not LevelMean.AT_LEAST:
        plain = assemble(found, replace(selection, mean=LevelMean.AT_LEAST), compare=compare)
    return _analyse(cohort, plain, session.protocol, synthetic=session.synthetic)


def _analyse(cohort: Cohort, compared: Cohort, protocol: Protocol, *, synthetic: bool) -> Analysis:
    maps = {quantity: _analyse_map(cohort, compared, quantity, protocol) for quantity in MEASURED}
    return Analysis(
        cohort=cohort,
        compared=compared,
        maps=MappingProxyType(maps),
        combined=_combine(cohort),
        protocol=protocol.stamp,
        positive_t_score=protocol.positive_t_score,
        bmd_region=protocol.bmd_region,
        tscore_region=protocol.tscore_region,
        software=__version__,
        synthetic=synthetic,
    )


def _analyse_map(cohort: Cohort, compared: Cohort, quantity: Quantity, protocol: Protocol) -> MapAnalysis:
    value, pair = cohort.values[quantity], compared.paired[quantity]
    # two field strengths in one column: the readers' differences would mix as much as the values
    mixed, mixed_pairs = (one.blocked.get(quantity.value) for one in (cohort, compared))
    against_bmd = mixed or cohort.blocked.get("bmd")
    return MapAnalysis(
        quantity=quantity,
        unit=protocol.r2star_unit if quantity is Quantity.R2STAR else UNITS[quantity],
        bland_altman=mixed_pairs or bland_altman(pair[:, 0], pair[:, 1]),
        icc=mixed_pairs or icc(pair),
        pearson=against_bmd or pearson(value, cohort.bmd),
        within_groups=against_bmd or within_groups(value, cohort.bmd, cohort.groups),
        roc=mixed or roc(value, cohort.positive, direction=DIRECTIONS[quantity]),
    )


def _combine(cohort: Cohort) -> LogisticModel | NotDefined:
    blocked = cohort.blocked.get(Quantity.R2STAR.value)
    if blocked is not None:
        return blocked
    return logistic(
        [cohort.values[quantity] for quantity in MEASURED],
        [NAMES[quantity] for quantity in MEASURED],
        cohort.positive,
    )
