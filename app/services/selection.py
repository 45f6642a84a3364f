"""What the statistics are about: which values of which patients, and by which of several accepted methods."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from app.domain.clinical import Scheme
from app.domain.maps import Quantity


class Outcome(StrEnum):
    """What a positive patient is."""

    OSTEOPOROSIS = "osteoporosis"
    LOW_BONE_MASS = "low_bone_mass"
    FEMALE = "female"


class Grouping(StrEnum):
    """What patients are compared by; ``T_SCORE`` stands for the bone-density groups of any scheme."""

    T_SCORE = "t_score"
    OUTCOME = "outcome"
    SEX = "sex"


class LevelMean(StrEnum):
    """What becomes of a patient of whom not all levels of the mean were measured.

    Agreement follows none of this: it always takes the levels that both readings have.
    """

    AT_LEAST = "at_least"
    """The plain mean of what there is, if that is enough for the protocol; flagged and counted."""

    COMPLETE = "complete"
    """Left out, and counted."""

    ADJUSTED = "adjusted"
    """The mean as it would be over all levels, by what each level adds in the cohort."""


MEAN, ADJUDICATED = "mean", "adjudicated"
_READER = "reader:"


@dataclass(frozen=True, slots=True)
class Selection:
    """One choice for everything the tabs show; every tab follows the same one.

    Attributes
    ----------
    quantity : Quantity
        The map, on tabs that show one.
    levels : str or None
        ``L1-L4``, ``L1-L5`` or one level; None for the protocol's.
    readers : str
        Where a patient's value comes from: :data:`MEAN` of the readers as they measured, :data:`ADJUDICATED`
        (with what a coordinator decided), or :func:`one_reader`.
    round : int
        Round of the values.
    outcome : Outcome
        What ROC analyses look for.
    grouping : Grouping
        What the Groups tab compares.
    sex : str
        ``F``, ``M``, or empty for everybody.
    age : tuple of float or None
        Youngest and oldest, years, both included; None for no limit.
    field : str
        Patients of one field strength only, as :func:`~app.services.field_strengths.field_name` calls it;
        empty for all. R2* of several is never pooled.
    mean : LevelMean
        What becomes of means that lack levels.
    scheme : Scheme
        What makes the bone-density groups and, where it is not sex, the outcome.
    options : tuple of (str, str)
        Methods by their name where they differ from the default; in order of name.
    """

    quantity: Quantity = Quantity.FF
    levels: str | None = None
    readers: str = ADJUDICATED
    round: int = 1
    outcome: Outcome = Outcome.OSTEOPOROSIS
    grouping: Grouping = Grouping.T_SCORE
    sex: str = ""
    age: tuple[float | None, float | None] = (None, None)
    field: str = ""
    mean: LevelMean = LevelMean.AT_LEAST
    scheme: Scheme = Scheme.T_SCORE
    options: tuple[tuple[str, str], ...] = ()

    def option(self, name: str, default: str) -> str:
        """The method chosen under a name."""
        return dict(self.options).get(name, default)

    def with_option(self, name: str, value: str) -> Selection:
        """The same with another method."""
        chosen = dict(self.options) | {name: value}
        return replace(self, options=tuple(sorted(chosen.items())))

    @property
    def reader(self) -> str | None:
        """Name of the one reader the values are of; None where they are of all."""
        return self.readers.removeprefix(_READER) if self.readers.startswith(_READER) else None

    @property
    def filtered(self) -> bool:
        """Whether patients are left out by sex, age or field strength."""
        return bool(self.sex or self.field) or self.age != (None, None)


def one_reader(name: str) -> str:
    """What :attr:`Selection.readers` is for the values of one reader."""
    return _READER + name
