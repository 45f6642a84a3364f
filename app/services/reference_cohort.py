"""The demo study: a session of 120 made-up patients, already read twice, with its clinical table."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from pathlib import Path

from app import __version__
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.protocol import Level, Protocol
from app.domain.reading import Reader
from app.files.clinical_table import parse_clinical_table
from app.files.resources import resource
from app.services.join_clinical import keep_table
from app.services.open_session import Session, add_reader, create_session, readers_of
from app.store import audit, exams, results, sessions

FOLDER = ("demo", "reference_cohort")
READERS = ("Reader 1", "Reader 2")

PROTOCOL = Protocol(
    name="reference-cohort",
    mean_levels="L1-L5",
    r2star_unit="Hz",
    bmd_region="L1-L5",
)
"""What the study says of itself: means over L1 to L5, R2* in Hz, T-score and density of L1 to L5."""

# the study measured by DXA and printed mg/cm3; the table says both, so that the contradiction shows
_BMD_HEADER = b"DXA BMD (mg/cm3)"

_Means = dict[Level, dict[Quantity, float]]


def make_reference_session(path: Path) -> Session:
    """Make the session of the reference cohort: synthetic, without images, signed off by two readers.

    Parameters
    ----------
    path : Path
        Where; nothing may be there yet.

    Raises
    ------
    StoreUnavailable
        When the session cannot be made.
    """
    session = create_session(path, PROTOCOL, synthetic=True, reader=READERS[0])
    try:
        add_reader(session, READERS[1])
        _add_readings(session)
        _add_clinical(session)
    except BaseException:
        session.close()
        session.path.unlink(missing_ok=True)
        raise
    return session


def _add_readings(session: Session) -> None:
    database = session.database
    protocol_id, protocol = sessions.current_protocol(database)
    readers = {str(number): reader for number, reader in enumerate(readers_of(session), start=1)}
    cases = _read_means(readers)
    now = audit.utc_now()
    with database.transaction():
        for code, means_of in cases.items():
            exam_id = exams.add_from_table(database, code, Identity())
            for reader, means in means_of.items():
                results.add_table_reading(
                    database,
                    exam_id,
                    reader.id,
                    means,
                    protocol_id=protocol_id,
                    software=__version__,
                    at_utc=now,
                )
        audit.append(
            database,
            actor=sessions.PROGRAM,
            action="table.imported",
            subject=f"{len(cases)} exams",
            protocol=protocol.stamp,
        )


def _read_means(readers: dict[str, Reader]) -> dict[str, dict[Reader, _Means]]:
    """Means by case code, reader and level."""
    text = resource(*FOLDER, "cohort_readings.csv").read_text(encoding="utf-8")
    cases: dict[str, dict[Reader, _Means]] = defaultdict(lambda: defaultdict(dict))
    for row in csv.DictReader(io.StringIO(text)):
        cases[row["id"]][readers[row["reader"]]][Level(row["level"])] = {
            Quantity.FF: float(row["FF"]),
            Quantity.R2STAR: float(row["R2s"]),
        }
    return cases


def _add_clinical(session: Session) -> None:
    name = "cohort_patients.csv"
    content = resource(*FOLDER, name).read_bytes()
    table = parse_clinical_table(content.replace(b",bmd,", b"," + _BMD_HEADER + b",", 1), Path(name))
    keep_table(session, table)
