-- Keys that merchants' programs sign links with by themselves. The merchant's audit trail vouches for them, and for
-- the references that were revoked.
CREATE TABLE offline_keys (
    id         KEYTEXT NOT NULL PRIMARY KEY,
    merchant   KEYTEXT NOT NULL,
    number     BIGINT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    secret     BYTEA NOT NULL
);
CREATE INDEX offline_keys_merchant ON offline_keys (merchant, created_at);

CREATE TABLE offline_revocations (
    id         KEYTEXT NOT NULL PRIMARY KEY,
    merchant   KEYTEXT NOT NULL,
    reference  KEYTEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX offline_revocations_merchant ON offline_revocations (merchant);
