-- A session: protocol, readers, exams with their pixels, readings as append-only stories, clinical table, audit.

CREATE TABLE session (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE protocol (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    content TEXT NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

CREATE TABLE reader (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    order_seed INTEGER NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

CREATE TABLE exam (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    origin TEXT NOT NULL CHECK (origin IN ('dicom', 'table')),
    field_strength_t REAL,
    native_row_mm REAL,
    native_col_mm REAL,
    manufacturer TEXT NOT NULL,
    model TEXT NOT NULL,
    pixel_sha256 TEXT NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

-- the one place for names, identifiers and dates of patients
CREATE TABLE identity (
    exam_id INTEGER PRIMARY KEY REFERENCES exam (id),
    patient_name TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    birth_date TEXT NOT NULL,
    sex TEXT NOT NULL,
    study_date TEXT NOT NULL,
    accession TEXT NOT NULL,
    study_uid TEXT NOT NULL,
    frame_uid TEXT NOT NULL
) STRICT;

CREATE TABLE map (
    id INTEGER PRIMARY KEY,
    exam_id INTEGER NOT NULL REFERENCES exam (id),
    quantity TEXT NOT NULL,
    dtype TEXT NOT NULL CHECK (dtype IN ('<i2', '<u2')),
    grid TEXT NOT NULL,
    scaling TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    UNIQUE (exam_id, quantity)
) STRICT;

CREATE TABLE map_slice (
    map_id INTEGER NOT NULL REFERENCES map (id),
    slice INTEGER NOT NULL,
    codec TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (map_id, slice)
) STRICT;

-- source identifiers lead back to a patient, so they stand apart like the identity does
CREATE TABLE map_source (
    map_id INTEGER NOT NULL REFERENCES map (id),
    slice INTEGER NOT NULL,
    sop_uid TEXT NOT NULL,
    PRIMARY KEY (map_id, slice)
) STRICT, WITHOUT ROWID;

CREATE TABLE reading (
    id INTEGER PRIMARY KEY,
    exam_id INTEGER NOT NULL REFERENCES exam (id),
    reader_id INTEGER NOT NULL REFERENCES reader (id),
    round INTEGER NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('images', 'table')),
    at_utc TEXT NOT NULL,
    UNIQUE (exam_id, reader_id, round)
) STRICT;

CREATE TABLE reading_event (
    id INTEGER PRIMARY KEY,
    reading_id INTEGER NOT NULL REFERENCES reading (id),
    kind TEXT NOT NULL CHECK (kind IN ('signed_off', 'reopened')),
    protocol_id INTEGER NOT NULL REFERENCES protocol (id),
    software TEXT NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

CREATE INDEX reading_event_of ON reading_event (reading_id, id);

CREATE TABLE roi_revision (
    id INTEGER PRIMARY KEY,
    reading_id INTEGER NOT NULL REFERENCES reading (id),
    level TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('empty', 'measured', 'not_measurable')),
    slice INTEGER,
    row0 INTEGER,
    col0 INTEGER,
    rows INTEGER,
    cols INTEGER,
    reason TEXT,
    note TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('edit', 'undo', 'redo')),
    target INTEGER REFERENCES roi_revision (id),
    rule TEXT NOT NULL,
    protocol_id INTEGER NOT NULL REFERENCES protocol (id),
    software TEXT NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

CREATE INDEX roi_revision_of ON roi_revision (reading_id, level, id);

-- n and the rest are empty for a value that came from a table: only its mean is known
CREATE TABLE measurement (
    revision_id INTEGER NOT NULL REFERENCES roi_revision (id),
    quantity TEXT NOT NULL,
    n INTEGER,
    mean REAL,
    sd REAL,
    median REAL,
    minimum REAL,
    maximum REAL,
    area_mm2 REAL,
    nan INTEGER,
    zero INTEGER,
    below INTEGER,
    above INTEGER,
    saturated INTEGER,
    PRIMARY KEY (revision_id, quantity)
) STRICT, WITHOUT ROWID;

-- where a reader was, so that a restart returns there
CREATE TABLE position (
    id INTEGER PRIMARY KEY,
    reader_id INTEGER NOT NULL REFERENCES reader (id),
    round INTEGER NOT NULL,
    exam_id INTEGER NOT NULL REFERENCES exam (id),
    slice INTEGER NOT NULL,
    level TEXT,
    at_utc TEXT NOT NULL
) STRICT;

CREATE TABLE clinical_import (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL,
    encoding TEXT NOT NULL,
    rows INTEGER NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

CREATE TABLE clinical_row (
    id INTEGER PRIMARY KEY,
    import_id INTEGER NOT NULL REFERENCES clinical_import (id),
    line INTEGER NOT NULL,
    exam_id INTEGER REFERENCES exam (id),
    matched_by TEXT,
    sex TEXT NOT NULL,
    age REAL,
    bmi REAL,
    exam_date TEXT NOT NULL,
    problems TEXT NOT NULL
) STRICT;

CREATE TABLE clinical_identity (
    row_id INTEGER PRIMARY KEY REFERENCES clinical_row (id),
    patient_id TEXT NOT NULL,
    accession TEXT NOT NULL
) STRICT;

CREATE TABLE clinical_value (
    row_id INTEGER NOT NULL REFERENCES clinical_row (id),
    region TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('bmd', 'tscore')),
    value REAL,
    unit TEXT NOT NULL,
    verbatim TEXT NOT NULL,
    PRIMARY KEY (row_id, region, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at_utc TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    old TEXT NOT NULL,
    new TEXT NOT NULL,
    reason TEXT NOT NULL,
    protocol TEXT NOT NULL,
    software TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;

-- the newest event decides whether a reading is locked
CREATE VIEW reading_state AS
SELECT
    reading.id AS reading_id,
    reading.exam_id,
    reading.reader_id,
    reading.round,
    reading.origin,
    coalesce((
        SELECT reading_event.kind = 'signed_off' FROM reading_event
        WHERE reading_event.reading_id = reading.id ORDER BY reading_event.id DESC LIMIT 1
    ), 0) AS locked,
    (
        SELECT reading_event.at_utc FROM reading_event
        WHERE reading_event.reading_id = reading.id ORDER BY reading_event.id DESC LIMIT 1
    ) AS event_utc,
    (
        SELECT reading_event.protocol_id FROM reading_event
        WHERE reading_event.reading_id = reading.id ORDER BY reading_event.id DESC LIMIT 1
    ) AS protocol_id
FROM reading;

-- the newest revision of each level is what holds
CREATE VIEW level_state AS
SELECT * FROM roi_revision
WHERE id IN (SELECT max(id) FROM roi_revision GROUP BY reading_id, level);

-- Nothing that was written down is ever rewritten. INSERT OR REPLACE would delete the old row without asking
-- the delete trigger unless recursive_triggers is on, which another program need not set: hence the third kind.
CREATE TRIGGER roi_revision_no_update BEFORE UPDATE ON roi_revision
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER roi_revision_no_delete BEFORE DELETE ON roi_revision
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER roi_revision_no_replace BEFORE INSERT ON roi_revision
WHEN EXISTS (SELECT 1 FROM roi_revision WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER measurement_no_update BEFORE UPDATE ON measurement
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER measurement_no_delete BEFORE DELETE ON measurement
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER measurement_no_replace BEFORE INSERT ON measurement
WHEN EXISTS (SELECT 1 FROM measurement WHERE revision_id = new.revision_id AND quantity = new.quantity)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER reading_event_no_update BEFORE UPDATE ON reading_event
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER reading_event_no_delete BEFORE DELETE ON reading_event
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER reading_event_no_replace BEFORE INSERT ON reading_event
WHEN EXISTS (SELECT 1 FROM reading_event WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE seq = new.seq)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER map_slice_no_update BEFORE UPDATE ON map_slice
BEGIN SELECT RAISE(ABORT, 'pixels never change'); END;
CREATE TRIGGER map_slice_no_delete BEFORE DELETE ON map_slice
BEGIN SELECT RAISE(ABORT, 'pixels never change'); END;
CREATE TRIGGER map_slice_no_replace BEFORE INSERT ON map_slice
WHEN EXISTS (SELECT 1 FROM map_slice WHERE map_id = new.map_id AND slice = new.slice)
BEGIN SELECT RAISE(ABORT, 'pixels never change'); END;

-- what turns pixels into values stands as firm as the pixels
CREATE TRIGGER map_no_update BEFORE UPDATE ON map
BEGIN SELECT RAISE(ABORT, 'pixels never change'); END;
CREATE TRIGGER map_no_delete BEFORE DELETE ON map
BEGIN SELECT RAISE(ABORT, 'pixels never change'); END;
CREATE TRIGGER map_no_replace BEFORE INSERT ON map
WHEN EXISTS (SELECT 1 FROM map WHERE id = new.id OR (exam_id = new.exam_id AND quantity = new.quantity))
BEGIN SELECT RAISE(ABORT, 'pixels never change'); END;

-- a reading cannot change hands, nor the rules it was made under
CREATE TRIGGER reading_no_update BEFORE UPDATE ON reading
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER reading_no_delete BEFORE DELETE ON reading
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER reading_no_replace BEFORE INSERT ON reading
WHEN EXISTS (
    SELECT 1 FROM reading WHERE id = new.id
    OR (exam_id = new.exam_id AND reader_id = new.reader_id AND round = new.round)
)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER protocol_no_update BEFORE UPDATE ON protocol
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER protocol_no_delete BEFORE DELETE ON protocol
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER protocol_no_replace BEFORE INSERT ON protocol
WHEN EXISTS (SELECT 1 FROM protocol WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
