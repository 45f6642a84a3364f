"""What every tab of the statistics starts from: the session read once, and the cohort of a selection."""

from __future__ import annotations

from dataclasses import dataclass

from app import __version__
from app.domain.maps import UNITS, Quantity
from app.domain.protocol import Protocol
from app.services.assemble_cohort import Cohort, assemble
from app.services.gather import Gathered as Gathered
from app.services.gather import gather as gather
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
        """Region of BMD and T-score."""
        return self.rules.bmd_region

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


def make_study(gathered: Gathered, selection: Selection) -> Study:
    """Make the cohort of a selection.

    Raises
    ------
    InputError
        ``cohort.unknown_levels``, ``cohort.unknown_reader``.
    """
    return Study(gathered, selection, assemble(gathered, selection))
