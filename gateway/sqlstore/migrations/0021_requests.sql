-- What merchants' programs asked, for a while: no bodies, and nothing depends on it.
CREATE TABLE requests (
    id         KEYTEXT NOT NULL PRIMARY KEY,
    merchant   KEYTEXT NOT NULL,
    api_key    KEYTEXT NOT NULL,
    method     TEXT NOT NULL,
    path       TEXT NOT NULL,
    status     BIGINT NOT NULL,
    code       TEXT NOT NULL,
    ip         TEXT NOT NULL,
    took       BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX requests_merchant ON requests (merchant, created_at, id);
CREATE INDEX requests_key ON requests (api_key, created_at, id);
CREATE INDEX requests_at ON requests (created_at);
