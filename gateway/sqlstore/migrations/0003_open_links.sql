-- Links that can still be paid, in the order of their ends: an empty hot state is filled from here, a page at
-- a time, and neither time nor what was paid makes the walk longer. Its condition is written out in links.go
-- as well: an engine uses a partial index only where the question has its words.
CREATE INDEX links_open ON links (expires_at, id) WHERE deleted_at = 0 AND NOT (slots > 0 AND paid_count >= slots);
-- What it replaces; only that walk used it.
DROP INDEX links_live;
