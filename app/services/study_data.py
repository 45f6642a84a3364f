"""What every tab of the statistics starts from: the session read once, and the cohort of a selection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app import __version__
from app.domain.maps import UNITS, Quantity
from app.domain.protocol import Protocol
from app.services.assemble_cohort import Cohort, assemble, chosen_readings
from app.services.gather import Gathered as Gathered
from app.services.gather import gather as gather
from app.services.level_adjustment import known
from app.services.patient_means import FloatArray, choose_levels, patient_means
from app.services.selection import Selection


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """A cohort and the rules it is looked at by.

    Attributes
    ----------
    gathered : Gathered
        Everything that was read: all readers, all rounds, all levels.
    selection : Selection
        What was chosen.
    cohort : Cohort
        One row per patient of the selection; ``index`` of every result counts its rows.
    """

    gathered: Gathered
    selection: Selection
    cohort: Cohort

    @property
    def rules(self) -> Protocol:
        """The protocol in force."""
        return self.gathered.protocol

    @property
    def protocol(self) -> str:
        """Its stamp."""
        return self.rules.stamp

    @property
    def positive_t_score(self) -> float:
        """Up to this T-score is osteoporosis."""
        return self.rules.positive_t_score

    @property
    def bmd_region(self) -> str:
        """Region of BMD."""
        return self.rules.bmd_region

    @property
    def tscore_region(self) -> str:
        """Region of the T-score that makes the groups, or ``lowest``."""
        return self.rules.tscore_region

    @property
    def synthetic(self) -> bool:
        """The session holds made-up patients."""
        return self.gathered.synthetic

    @property
    def software(self) -> str:
        """Version of the program."""
        return __version__

    def unit(self, quantity: Quantity) -> str:
        """Unit of a map: ``%``; for R2* ``s^-1`` or ``Hz`` as the protocol says."""
        return self.rules.r2star_unit if quantity is Quantity.R2STAR else UNITS[quantity]


def make_study(gathered: Gathered, selection: Selection, *, before: Study | None = None) -> Study:
    """Make the cohort of a selection.

    Parameters
    ----------
    gathered : Gathered
        What the session holds.
    selection : Selection
        What is chosen.
    before : Study, optional
        Made earlier: its cohort serves again where it is of the same session as read, and what was chosen
        anew changes no patient and no value.

    Raises
    ------
    InputError
        ``cohort.unknown_levels``, ``cohort.unknown_reader``.
    """
    if before is not None and before.gathered is gathered and _whom(before.selection) == _whom(selection):
        return replace(before, selection=selection)
    return Study(gathered, selection, assemble(gathered, selection))


def _whom(selection: Selection) -> Selection:
    """A selection without what only says how its cohort is looked at."""
    usual = Selection()
    return replace(selection, quantity=usual.quantity, grouping=usual.grouping, options=usual.options)


def means_of(study: Study, selection: Selection, levels: str) -> Mapping[Quantity, FloatArray]:
    """Final values of the patients of the cohort, in its order, by other levels or other readers.

    Parameters
    ----------
    study : Study
        Of whose cohort.
    selection : Selection
        Readers and round.
    levels : str
        ``L1-L4``, ``L1-L5`` or one level.

    Returns
    -------
    mapping of Quantity to ndarray, shape (n,)
        NaN where there is none.

    Raises
    ------
    InputError
        ``cohort.unknown_levels``, ``cohort.unknown_reader``.
    """
    gathered, cohort, codes = study.gathered, study.cohort, set(study.cohort.codes)
    # one level alone lacks none
    adjusted = levels == cohort.levels and bool(cohort.level_effects)
    # the rows of the cohort are enrolled exams in order, less those that are left out
    exams = [exam.id for exam in gathered.enrolled if exam.code in codes]
    cells, decided = chosen_readings(gathered, selection)
    kept = set(exams)
    return patient_means(
        [cell for cell in cells if cell.exam_id in kept],
        exams,
        gathered.readers,
        choose_levels(levels, study.rules, cohort.mean),
        decided=[one for one in decided if one.exam_id in kept],
        adjust=known(cohort.level_effects) if adjusted else None,
    ).final
