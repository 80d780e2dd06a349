-- Credentials that an account had until they were changed, sealed as its own are: who was at the bank then comes back
-- with a message that they signed. They are kept for as long as somebody may.
CREATE TABLE former_credentials (
    id          KEYTEXT NOT NULL PRIMARY KEY,
    account     KEYTEXT NOT NULL,
    changed_at  BIGINT NOT NULL,
    kept_until  BIGINT NOT NULL,
    credentials BYTEA NOT NULL
);
CREATE INDEX former_credentials_account ON former_credentials (account, changed_at);
