"""The bytes that a file holds of its patient; what they mean is for :mod:`app.files.dicom.people`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in a file of its patient, so that it can be read in another character set.

    Attributes
    ----------
    declared : tuple of str
        Specific Character Set.
    name, identifier, sex, age : bytes or str
        Text where the bytes are no longer known.
    """

    declared: tuple[str, ...] = ("",)
    name: bytes | str = ""
    identifier: bytes | str = ""
    sex: bytes | str = ""
    age: bytes | str = ""

    def __repr__(self) -> str:
        """Never the content: a repr ends in logs and tracebacks."""
        return "Written(...)"

    @property
    def beyond_ascii(self) -> bool:
        """Whether another character set would make other text of the name."""
        return isinstance(self.name, bytes) and not self.name.isascii()
