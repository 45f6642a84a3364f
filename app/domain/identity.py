"""Who a patient is. Kept apart from everything else: the store has one table for it, nothing else does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """What the images say about patient and study; empty text where they say nothing.

    Attributes
    ----------
    patient_name, patient_id : str
        As written, leading zeros kept.
    birth_date, study_date : str
        ISO dates, or empty where missing or unreadable.
    sex : str
        ``M``, ``F``, ``O`` or empty.
    accession : str
        Accession number.
    study_uid, frame_uid : str
        Study Instance UID and Frame of Reference UID.
    age : str
        Age at the study in whole years, digits only; empty where the images do not say it.
    """

    patient_name: str = ""
    patient_id: str = ""
    birth_date: str = ""
    sex: str = ""
    study_date: str = ""
    accession: str = ""
    study_uid: str = ""
    frame_uid: str = ""
    age: str = ""

    def __repr__(self) -> str:
        """Never the content: a repr ends in logs and tracebacks."""
        return "Identity(...)"
