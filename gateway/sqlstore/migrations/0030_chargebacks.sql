-- Disputes of payments, each a row of its own beside its payment, for which the payment's audit trail vouches. Days are
-- the first moment of theirs in Istanbul, 0 = not told.
CREATE TABLE chargebacks (
    id              KEYTEXT NOT NULL PRIMARY KEY,
    merchant        KEYTEXT NOT NULL,
    payment         KEYTEXT NOT NULL,
    currency        TEXT NOT NULL,
    amount          BIGINT NOT NULL CHECK (amount > 0),
    code            TEXT NOT NULL,
    actor           TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    -- What moves; the day of the letter with a second round.
    received_at     BIGINT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('open', 'contested', 'won', 'lost', 'withdrawn')),
    reason          TEXT NOT NULL,
    case_number     TEXT NOT NULL,
    respond_by      BIGINT NOT NULL,
    refunded_before BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    closed_at       BIGINT NOT NULL
);
CREATE INDEX chargebacks_payment ON chargebacks (payment, created_at, id);
CREATE INDEX chargebacks_merchant ON chargebacks (merchant, created_at, id);
-- Reports go by the day of the bank's letter.
CREATE INDEX chargebacks_received ON chargebacks (merchant, received_at, id);
-- What waits for an answer: few, and asked for by every first screen.
CREATE INDEX chargebacks_open ON chargebacks (merchant, respond_by) WHERE status = 'open';
-- How much of a payment is in dispute, neither won nor withdrawn; 0 is bound into the audit trail as it always was.
ALTER TABLE payments ADD COLUMN disputed BIGINT NOT NULL DEFAULT 0;
