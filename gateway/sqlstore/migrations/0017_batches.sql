-- Links that were made together: the rows of a file, or the named shares of one sum. refused is JSON: the rows
-- that no link was made for.
CREATE TABLE batches (
    id         KEYTEXT NOT NULL PRIMARY KEY,
    merchant   KEYTEXT NOT NULL,
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    row_count  BIGINT NOT NULL,
    refused    BYTEA NOT NULL,
    maker      KEYTEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX batches_merchant ON batches (merchant, created_at, id);

CREATE TABLE batch_links (
    batch    KEYTEXT NOT NULL,
    place    BIGINT NOT NULL,
    merchant KEYTEXT NOT NULL,
    link     KEYTEXT NOT NULL,
    label    TEXT NOT NULL,
    PRIMARY KEY (batch, place)
);
CREATE UNIQUE INDEX batch_links_link ON batch_links (link);
