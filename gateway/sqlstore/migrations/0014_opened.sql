-- When a link's page was first opened. Written beside the hot path, in batches: nothing depends on it.
CREATE TABLE link_opens (
    link KEYTEXT NOT NULL PRIMARY KEY,
    at   BIGINT NOT NULL
);
