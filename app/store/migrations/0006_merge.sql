-- Readings made elsewhere come back: which files left for whom, what was merged from where, and what of it was taken
-- back. Nothing of a merge is ever removed: rows that were taken back stay, and no longer count.

-- a file made for one reader; the hashes say where its record begins: after which entry of ours, and with which
-- entry of its own
CREATE TABLE package (
    id INTEGER PRIMARY KEY,
    origin TEXT NOT NULL UNIQUE,
    reader_id INTEGER NOT NULL REFERENCES reader (id),
    round INTEGER NOT NULL,
    parent_hash TEXT NOT NULL,
    first_hash TEXT NOT NULL,
    exams INTEGER NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

-- what came in: the results of one reader, or the whole session of another centre (then without reader and round)
CREATE TABLE merge (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('results', 'centre')),
    origin TEXT NOT NULL,
    reader_id INTEGER REFERENCES reader (id),
    round INTEGER,
    label TEXT NOT NULL,
    entries INTEGER NOT NULL,
    head_hash TEXT NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

CREATE INDEX merge_of ON merge (origin, id);

-- which rows came by it: keys of one transaction follow each other
CREATE TABLE merge_rows (
    merge_id INTEGER NOT NULL REFERENCES merge (id),
    what TEXT NOT NULL CHECK (what IN ('revision', 'event', 'fact')),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (merge_id, what)
) STRICT, WITHOUT ROWID;

-- the record of the other file as it was when it was merged, whole
CREATE TABLE foreign_audit (
    merge_id INTEGER NOT NULL REFERENCES merge (id),
    seq INTEGER NOT NULL,
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
    hash TEXT NOT NULL,
    PRIMARY KEY (merge_id, seq)
) STRICT, WITHOUT ROWID;

-- a merge that was taken back: its rows no longer count. Merging the file again writes new ones. A reader has to see
-- which of their own rows count, so this table says nothing else.
CREATE TABLE withdrawn (
    id INTEGER PRIMARY KEY,
    reader_id INTEGER NOT NULL REFERENCES reader (id),
    merge_id INTEGER NOT NULL REFERENCES merge (id),
    what TEXT NOT NULL CHECK (what IN ('revision', 'event', 'fact')),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

-- which exam of another centre is which one here
CREATE TABLE centre_case (
    merge_id INTEGER NOT NULL REFERENCES merge (id),
    exam_id INTEGER NOT NULL REFERENCES exam (id),
    code_there TEXT NOT NULL,
    same INTEGER NOT NULL CHECK (same IN (0, 1)),
    PRIMARY KEY (merge_id, code_there)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER package_no_update BEFORE UPDATE ON package
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER package_no_delete BEFORE DELETE ON package
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER package_no_replace BEFORE INSERT ON package
WHEN EXISTS (SELECT 1 FROM package WHERE id = new.id OR origin = new.origin)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER merge_no_update BEFORE UPDATE ON merge
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER merge_no_delete BEFORE DELETE ON merge
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER merge_no_replace BEFORE INSERT ON merge
WHEN EXISTS (SELECT 1 FROM merge WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER merge_rows_no_update BEFORE UPDATE ON merge_rows
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER merge_rows_no_delete BEFORE DELETE ON merge_rows
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER merge_rows_no_replace BEFORE INSERT ON merge_rows
WHEN EXISTS (SELECT 1 FROM merge_rows WHERE merge_id = new.merge_id AND what = new.what)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER foreign_audit_no_update BEFORE UPDATE ON foreign_audit
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER foreign_audit_no_delete BEFORE DELETE ON foreign_audit
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER foreign_audit_no_replace BEFORE INSERT ON foreign_audit
WHEN EXISTS (SELECT 1 FROM foreign_audit WHERE merge_id = new.merge_id AND seq = new.seq)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER withdrawn_no_update BEFORE UPDATE ON withdrawn
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER withdrawn_no_delete BEFORE DELETE ON withdrawn
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER withdrawn_no_replace BEFORE INSERT ON withdrawn
WHEN EXISTS (SELECT 1 FROM withdrawn WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER centre_case_no_update BEFORE UPDATE ON centre_case
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER centre_case_no_delete BEFORE DELETE ON centre_case
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER centre_case_no_replace BEFORE INSERT ON centre_case
WHEN EXISTS (SELECT 1 FROM centre_case WHERE merge_id = new.merge_id AND code_there = new.code_there)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

-- what counts
CREATE VIEW live_revision AS
SELECT * FROM roi_revision
WHERE NOT EXISTS (
    SELECT 1 FROM withdrawn
    WHERE withdrawn.what = 'revision' AND roi_revision.id BETWEEN withdrawn.first AND withdrawn.last
);

CREATE VIEW live_event AS
SELECT * FROM reading_event
WHERE NOT EXISTS (
    SELECT 1 FROM withdrawn
    WHERE withdrawn.what = 'event' AND reading_event.id BETWEEN withdrawn.first AND withdrawn.last
);

CREATE VIEW live_fact AS
SELECT * FROM case_fact
WHERE NOT EXISTS (
    SELECT 1 FROM withdrawn
    WHERE withdrawn.what = 'fact' AND case_fact.id BETWEEN withdrawn.first AND withdrawn.last
);

DROP VIEW reading_state;

DROP VIEW level_state;

-- the newest event that counts decides whether a reading is locked. A reading all of whose rows were taken back is
-- still there, and empty: the same reader may begin it again
CREATE VIEW reading_state AS
SELECT
    reading.id AS reading_id,
    reading.exam_id,
    reading.reader_id,
    reading.round,
    reading.origin,
    coalesce((
        SELECT live_event.kind = 'signed_off' FROM live_event
        WHERE live_event.reading_id = reading.id ORDER BY live_event.id DESC LIMIT 1
    ), 0) AS locked,
    (
        SELECT live_event.at_utc FROM live_event
        WHERE live_event.reading_id = reading.id ORDER BY live_event.id DESC LIMIT 1
    ) AS event_utc,
    (
        SELECT live_event.protocol_id FROM live_event
        WHERE live_event.reading_id = reading.id ORDER BY live_event.id DESC LIMIT 1
    ) AS protocol_id
FROM reading;

-- the newest revision of each level that counts is what holds
CREATE VIEW level_state AS
SELECT * FROM live_revision
WHERE id IN (SELECT max(id) FROM live_revision GROUP BY reading_id, level);
