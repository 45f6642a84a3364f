-- A rectangle may be turned or reach over neighbouring slices, and a reading holds more than its levels: how they
-- were counted, whether the patient is left out and why, a note, what helped to place, which warning was accepted.

-- only for a rectangle that is not upright or not of one slice: older revisions need no row
CREATE TABLE roi_shape (
    revision_id INTEGER PRIMARY KEY REFERENCES roi_revision (id),
    angle_deg REAL NOT NULL,
    depth INTEGER NOT NULL CHECK (depth IN (1, 3))
) STRICT;

-- the newest fact of a kind is what holds; one that speaks of a level names the revision it speaks of, so that it
-- ends when the level changes
CREATE TABLE case_fact (
    id INTEGER PRIMARY KEY,
    reading_id INTEGER NOT NULL REFERENCES reading (id),
    kind TEXT NOT NULL CHECK (kind IN ('counted', 'excluded', 'included', 'note', 'help', 'accepted')),
    value TEXT NOT NULL,
    note TEXT NOT NULL,
    revision_id INTEGER REFERENCES roi_revision (id),
    protocol_id INTEGER NOT NULL REFERENCES protocol (id),
    software TEXT NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

CREATE INDEX case_fact_of ON case_fact (reading_id, id);

CREATE TRIGGER roi_shape_no_update BEFORE UPDATE ON roi_shape
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER roi_shape_no_delete BEFORE DELETE ON roi_shape
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER roi_shape_no_replace BEFORE INSERT ON roi_shape
WHEN EXISTS (SELECT 1 FROM roi_shape WHERE revision_id = new.revision_id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER case_fact_no_update BEFORE UPDATE ON case_fact
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER case_fact_no_delete BEFORE DELETE ON case_fact
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER case_fact_no_replace BEFORE INSERT ON case_fact
WHEN EXISTS (SELECT 1 FROM case_fact WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
