-- A shop's order at the till: where its customer goes back to. The order itself is its link.
CREATE TABLE sessions (
    link        KEYTEXT NOT NULL PRIMARY KEY,
    merchant    KEYTEXT NOT NULL,
    success_url TEXT NOT NULL,
    cancel_url  TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    -- Keyed, over the rest: a way back that was changed by hand is nobody's (A67).
    digest      BYTEA NOT NULL
);
