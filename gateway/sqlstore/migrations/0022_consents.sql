-- What a link collects for: '' = a bill or a debt, consumer = a consumer buys at a distance. A payment has its own copy.
ALTER TABLE links ADD COLUMN sale TEXT NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN sale TEXT NOT NULL DEFAULT '';

-- What payers agreed to: one row a payment, for whose content the payment's audit trail vouches. said is JSON, one
-- entry a text; texts are the texts as they were filled in, compressed, each of which its entry names by SHA-256.
CREATE TABLE consents (
    id          KEYTEXT NOT NULL PRIMARY KEY,
    payment     KEYTEXT NOT NULL,
    merchant    KEYTEXT NOT NULL,
    advertising BIGINT NOT NULL,
    said        TEXT NOT NULL,
    texts       BYTEA NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX consents_payment ON consents (payment);

-- Merchants' own wordings of those texts. The digest is keyed, over the rest.
CREATE TABLE legal_texts (
    merchant   KEYTEXT NOT NULL,
    kind       KEYTEXT NOT NULL,
    lang       KEYTEXT NOT NULL,
    version    BIGINT NOT NULL,
    words      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    digest     BYTEA NOT NULL,
    PRIMARY KEY (merchant, kind, lang, version)
);

-- Both have to be shown for three years: nothing removes or changes them.
--: sqlite
CREATE TRIGGER consents_no_update BEFORE UPDATE ON consents BEGIN SELECT RAISE(ABORT, 'consents are append-only'); END;
CREATE TRIGGER consents_no_delete BEFORE DELETE ON consents BEGIN SELECT RAISE(ABORT, 'consents are append-only'); END;
CREATE TRIGGER legal_texts_no_update BEFORE UPDATE ON legal_texts BEGIN SELECT RAISE(ABORT, 'legal texts are append-only'); END;
CREATE TRIGGER legal_texts_no_delete BEFORE DELETE ON legal_texts BEGIN SELECT RAISE(ABORT, 'legal texts are append-only'); END;
--: postgres
CREATE FUNCTION odelink_kept() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'consents and legal texts are append-only'; END $$;
CREATE TRIGGER consents_no_change BEFORE UPDATE OR DELETE ON consents FOR EACH ROW EXECUTE FUNCTION odelink_kept();
CREATE TRIGGER consents_no_truncate BEFORE TRUNCATE ON consents FOR EACH STATEMENT EXECUTE FUNCTION odelink_kept();
CREATE TRIGGER legal_texts_no_change BEFORE UPDATE OR DELETE ON legal_texts FOR EACH ROW EXECUTE FUNCTION odelink_kept();
CREATE TRIGGER legal_texts_no_truncate BEFORE TRUNCATE ON legal_texts FOR EACH STATEMENT EXECUTE FUNCTION odelink_kept();
--: both
