-- Voids and refunds, each a row of its own beside its payment. Written as pending before the bank is
-- called; the payment's audit trail vouches for them.
CREATE TABLE refunds (
    id                KEYTEXT NOT NULL PRIMARY KEY,
    merchant          KEYTEXT NOT NULL,
    payment           KEYTEXT NOT NULL,
    kind              TEXT NOT NULL CHECK (kind IN ('void', 'refund')),
    currency          TEXT NOT NULL,
    amount            BIGINT NOT NULL CHECK (amount > 0),
    before            BIGINT NOT NULL,
    reason            TEXT NOT NULL,
    actor             TEXT NOT NULL,
    created_at        BIGINT NOT NULL,
    -- What moves.
    status            TEXT NOT NULL CHECK (status IN ('pending', 'voided', 'refunded', 'refused')),
    auth_code         TEXT NOT NULL,
    rrn               TEXT NOT NULL,
    decline_code      TEXT NOT NULL,
    decline_bank_code TEXT NOT NULL,
    decline_message   TEXT NOT NULL,
    updated_at        BIGINT NOT NULL,
    -- When the bank is asked about it, and how often it was; no event says so.
    due_at            BIGINT NOT NULL,
    asks              BIGINT NOT NULL
);
-- One at a time: what a payment's record says at the bank is compared with what it said before (A46).
CREATE UNIQUE INDEX refunds_pending ON refunds (payment) WHERE status = 'pending';
CREATE INDEX refunds_payment ON refunds (payment, created_at, id);
CREATE INDEX refunds_merchant ON refunds (merchant, created_at, id);
CREATE INDEX refunds_due ON refunds (due_at) WHERE due_at > 0;
