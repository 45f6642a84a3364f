"""A flow of participants as plain values: boxes from top to bottom, others beside them. No Qt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """Words in a frame.

    Attributes
    ----------
    title : str
        What it counts, with its number.
    lines : tuple of str
        What that is made of.
    """

    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A box of the main column, and who leaves after it.

    Attributes
    ----------
    box : Box
        Who is still there.
    aside : Box or None
        Who goes no further than this.
    """

    box: Box
    aside: Box | None = None


@dataclass(frozen=True, slots=True)
class FlowChart:
    """A whole flow.

    Attributes
    ----------
    title : str
        What it is, for a reader who does not see it.
    steps : tuple of Step
        From top to bottom.
    ends : tuple of Box
        Where the last step parts, from left to right.
    footer : str
        Small words below.
    """

    title: str
    steps: tuple[Step, ...]
    ends: tuple[Box, ...] = ()
    footer: str = ""

    @property
    def boxes(self) -> tuple[Box, ...]:
        """All boxes, in the order they are read."""
        along = [one for step in self.steps for one in (step.box, step.aside) if one is not None]
        return (*along, *self.ends)
