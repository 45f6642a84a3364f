-- Maps may hold floating-point numbers, the images may say an age, anatomical series may lie beside the maps, and
-- what a person says of a series is remembered.

-- A constraint cannot be changed in place, so the table is made anew under its own name: what refers to it finds
-- the same rows again before the transaction ends. The pixels themselves stay where they are.
PRAGMA defer_foreign_keys = ON;

CREATE TEMP TABLE old_map AS SELECT * FROM map;

DROP TABLE map;

CREATE TABLE map (
    id INTEGER PRIMARY KEY,
    exam_id INTEGER NOT NULL REFERENCES exam (id),
    quantity TEXT NOT NULL,
    dtype TEXT NOT NULL CHECK (dtype IN ('<i2', '<u2', '<f4', '<f8')),
    grid TEXT NOT NULL,
    scaling TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    UNIQUE (exam_id, quantity)
) STRICT;

INSERT INTO map (id, exam_id, quantity, dtype, grid, scaling, sha256)
SELECT id, exam_id, quantity, dtype, grid, scaling, sha256 FROM old_map ORDER BY id;

DROP TABLE old_map;

CREATE TRIGGER map_no_update BEFORE UPDATE ON map
BEGIN SELECT RAISE(ABORT, 'pixels never change'); END;
CREATE TRIGGER map_no_delete BEFORE DELETE ON map
BEGIN SELECT RAISE(ABORT, 'pixels never change'); END;
CREATE TRIGGER map_no_replace BEFORE INSERT ON map
WHEN EXISTS (SELECT 1 FROM map WHERE id = new.id OR (exam_id = new.exam_id AND quantity = new.quantity))
BEGIN SELECT RAISE(ABORT, 'pixels never change'); END;

-- made anew as well: how ALTER TABLE words the result may differ between versions of SQLite, and the words are
-- compared when a session is opened
CREATE TEMP TABLE old_identity AS SELECT * FROM identity;

DROP TABLE identity;

CREATE TABLE identity (
    exam_id INTEGER PRIMARY KEY REFERENCES exam (id),
    patient_name TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    birth_date TEXT NOT NULL,
    sex TEXT NOT NULL,
    age TEXT NOT NULL,
    study_date TEXT NOT NULL,
    accession TEXT NOT NULL,
    study_uid TEXT NOT NULL,
    frame_uid TEXT NOT NULL
) STRICT;

INSERT INTO identity (
    exam_id, patient_name, patient_id, birth_date, sex, age, study_date, accession, study_uid, frame_uid
)
SELECT exam_id, patient_name, patient_id, birth_date, sex, '', study_date, accession, study_uid, frame_uid
FROM old_identity ORDER BY exam_id;

DROP TABLE old_identity;

-- every import asks whether the study is there already
CREATE INDEX identity_of ON identity (study_uid, frame_uid);

-- looked at beside the maps, never measured
CREATE TABLE reference_series (
    id INTEGER PRIMARY KEY,
    exam_id INTEGER NOT NULL REFERENCES exam (id),
    name TEXT NOT NULL,
    dtype TEXT NOT NULL CHECK (dtype IN ('<i2', '<u2', '<f4', '<f8')),
    grid TEXT NOT NULL,
    window TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    UNIQUE (exam_id, name)
) STRICT;

CREATE TABLE reference_slice (
    reference_id INTEGER NOT NULL REFERENCES reference_series (id),
    slice INTEGER NOT NULL,
    codec TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (reference_id, slice)
) STRICT;

CREATE TABLE reference_source (
    reference_id INTEGER NOT NULL REFERENCES reference_series (id),
    slice INTEGER NOT NULL,
    sop_uid TEXT NOT NULL,
    PRIMARY KEY (reference_id, slice)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER reference_series_no_update BEFORE UPDATE ON reference_series
BEGIN SELECT RAISE(ABORT, 'pixels never change'); END;
CREATE TRIGGER reference_series_no_delete BEFORE DELETE ON reference_series
BEGIN SELECT RAISE(ABORT, 'pixels never change'); END;
CREATE TRIGGER reference_series_no_replace BEFORE INSERT ON reference_series
WHEN EXISTS (SELECT 1 FROM reference_series WHERE id = new.id OR (exam_id = new.exam_id AND name = new.name))
BEGIN SELECT RAISE(ABORT, 'pixels never change'); END;

CREATE TRIGGER reference_slice_no_update BEFORE UPDATE ON reference_slice
BEGIN SELECT RAISE(ABORT, 'pixels never change'); END;
CREATE TRIGGER reference_slice_no_delete BEFORE DELETE ON reference_slice
BEGIN SELECT RAISE(ABORT, 'pixels never change'); END;
CREATE TRIGGER reference_slice_no_replace BEFORE INSERT ON reference_slice
WHEN EXISTS (SELECT 1 FROM reference_slice WHERE reference_id = new.reference_id AND slice = new.slice)
BEGIN SELECT RAISE(ABORT, 'pixels never change'); END;

-- what a person said a kind of series shows; the newest answer holds
CREATE TABLE series_answer (
    id INTEGER PRIMARY KEY,
    manufacturer TEXT NOT NULL,
    model TEXT NOT NULL,
    protocol TEXT NOT NULL,
    description TEXT NOT NULL,
    image_type TEXT NOT NULL,
    shows TEXT NOT NULL,
    unit TEXT NOT NULL,
    who TEXT NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

CREATE TRIGGER series_answer_no_update BEFORE UPDATE ON series_answer
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER series_answer_no_delete BEFORE DELETE ON series_answer
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER series_answer_no_replace BEFORE INSERT ON series_answer
WHEN EXISTS (SELECT 1 FROM series_answer WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
