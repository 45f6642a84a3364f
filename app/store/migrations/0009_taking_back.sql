-- Joining a centre can be taken back too: what came with it stays in the file and no longer counts. Its codes, names
-- and rounds are free again then, so they are unique among what counts, and no longer among all rows.

-- constraints cannot be changed in place: these tables are made anew under their own names, as in the second step
PRAGMA defer_foreign_keys = ON;

CREATE TEMP TABLE old_exam AS SELECT * FROM exam;

DROP TABLE exam;

CREATE TABLE exam (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('dicom', 'table')),
    field_strength_t REAL,
    native_row_mm REAL,
    native_col_mm REAL,
    manufacturer TEXT NOT NULL,
    model TEXT NOT NULL,
    pixel_sha256 TEXT NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

INSERT INTO exam (
    id, code, origin, field_strength_t, native_row_mm, native_col_mm, manufacturer, model, pixel_sha256, at_utc
)
SELECT
    id, code, origin, field_strength_t, native_row_mm, native_col_mm, manufacturer, model, pixel_sha256, at_utc
FROM old_exam ORDER BY id;

DROP TABLE old_exam;

CREATE INDEX exam_of_code ON exam (code);

CREATE TEMP TABLE old_reader AS SELECT * FROM reader;

DROP TABLE reader;

CREATE TABLE reader (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    order_seed INTEGER NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

INSERT INTO reader (id, name, order_seed, at_utc) SELECT id, name, order_seed, at_utc FROM old_reader ORDER BY id;

DROP TABLE old_reader;

CREATE TEMP TABLE old_round AS SELECT * FROM study_round;

DROP TABLE study_round;

CREATE TABLE study_round (
    id INTEGER PRIMARY KEY,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('main', 'repeat')),
    share REAL NOT NULL,
    washout_days INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

INSERT INTO study_round (id, number, kind, share, washout_days, seed, at_utc)
SELECT id, number, kind, share, washout_days, seed, at_utc FROM old_round ORDER BY id;

DROP TABLE old_round;

-- which rows came by a merge, of every table in which something can come or be built upon: keys of one transaction
-- follow each other
CREATE TEMP TABLE old_rows AS SELECT * FROM merge_rows;

DROP TABLE merge_rows;

CREATE TABLE merge_rows (
    merge_id INTEGER NOT NULL REFERENCES merge (id),
    what TEXT NOT NULL CHECK (what IN ('exam', 'reader', 'round', 'revision', 'event', 'fact', 'map', 'series', 'clinical', 'typed', 'decision')),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (merge_id, what)
) STRICT, WITHOUT ROWID;

INSERT INTO merge_rows (merge_id, what, first, last) SELECT merge_id, what, first, last FROM old_rows;

DROP TABLE old_rows;

-- what was taken back: stories by the readers whose they are, and what is nobody's story without a reader. A reader
-- has to see which of their own rows count, and which exams, readers and rounds there are.
CREATE TEMP TABLE old_withdrawn AS SELECT * FROM withdrawn;

DROP TABLE withdrawn;

CREATE TABLE withdrawn (
    id INTEGER PRIMARY KEY,
    reader_id INTEGER REFERENCES reader (id),
    merge_id INTEGER NOT NULL REFERENCES merge (id),
    what TEXT NOT NULL CHECK (what IN ('exam', 'reader', 'round', 'revision', 'event', 'fact', 'clinical', 'typed', 'decision')),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

INSERT INTO withdrawn (id, reader_id, merge_id, what, first, last, at_utc)
SELECT id, reader_id, merge_id, what, first, last, at_utc FROM old_withdrawn ORDER BY id;

DROP TABLE old_withdrawn;

-- what counts
CREATE VIEW live_exam AS
SELECT * FROM exam
WHERE NOT EXISTS (
    SELECT 1 FROM withdrawn
    WHERE withdrawn.what = 'exam' AND exam.id BETWEEN withdrawn.first AND withdrawn.last
);

CREATE VIEW live_reader AS
SELECT * FROM reader
WHERE NOT EXISTS (
    SELECT 1 FROM withdrawn
    WHERE withdrawn.what = 'reader' AND reader.id BETWEEN withdrawn.first AND withdrawn.last
);

CREATE VIEW live_round AS
SELECT * FROM study_round
WHERE NOT EXISTS (
    SELECT 1 FROM withdrawn
    WHERE withdrawn.what = 'round' AND study_round.id BETWEEN withdrawn.first AND withdrawn.last
);

CREATE VIEW live_clinical AS
SELECT * FROM clinical_import
WHERE NOT EXISTS (
    SELECT 1 FROM withdrawn
    WHERE withdrawn.what = 'clinical' AND clinical_import.id BETWEEN withdrawn.first AND withdrawn.last
);

CREATE VIEW live_typed AS
SELECT * FROM clinical_edit
WHERE NOT EXISTS (
    SELECT 1 FROM withdrawn
    WHERE withdrawn.what = 'typed' AND clinical_edit.id BETWEEN withdrawn.first AND withdrawn.last
);

CREATE VIEW live_decision AS
SELECT * FROM adjudication
WHERE NOT EXISTS (
    SELECT 1 FROM withdrawn
    WHERE withdrawn.what = 'decision' AND adjudication.id BETWEEN withdrawn.first AND withdrawn.last
);

-- a reading of which nothing counts any more is none
CREATE VIEW live_reading AS
SELECT * FROM reading
WHERE EXISTS (SELECT 1 FROM live_revision WHERE live_revision.reading_id = reading.id)
    OR EXISTS (SELECT 1 FROM live_event WHERE live_event.reading_id = reading.id)
    OR EXISTS (SELECT 1 FROM live_fact WHERE live_fact.reading_id = reading.id);

CREATE TRIGGER exam_no_second BEFORE INSERT ON exam
WHEN EXISTS (SELECT 1 FROM live_exam WHERE live_exam.code = new.code)
BEGIN SELECT RAISE(ABORT, 'a code is one exam''s'); END;

CREATE TRIGGER reader_no_second BEFORE INSERT ON reader
WHEN EXISTS (SELECT 1 FROM live_reader WHERE live_reader.name = new.name)
BEGIN SELECT RAISE(ABORT, 'a name is one reader''s'); END;

CREATE TRIGGER study_round_no_update BEFORE UPDATE ON study_round
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER study_round_no_delete BEFORE DELETE ON study_round
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER study_round_no_replace BEFORE INSERT ON study_round
WHEN EXISTS (SELECT 1 FROM study_round WHERE id = new.id)
    OR EXISTS (SELECT 1 FROM live_round WHERE live_round.number = new.number)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER merge_rows_no_update BEFORE UPDATE ON merge_rows
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER merge_rows_no_delete BEFORE DELETE ON merge_rows
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER merge_rows_no_replace BEFORE INSERT ON merge_rows
WHEN EXISTS (SELECT 1 FROM merge_rows WHERE merge_id = new.merge_id AND what = new.what)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER withdrawn_no_update BEFORE UPDATE ON withdrawn
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER withdrawn_no_delete BEFORE DELETE ON withdrawn
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER withdrawn_no_replace BEFORE INSERT ON withdrawn
WHEN EXISTS (SELECT 1 FROM withdrawn WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
