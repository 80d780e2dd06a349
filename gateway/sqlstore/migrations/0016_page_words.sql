-- What a merchant says to its payers in its own words: where its privacy notice is, and sentences about refusals.
-- The digest is keyed, over the rest: nobody has payers led elsewhere by writing into the database (A67).
CREATE TABLE page_words (
    merchant KEYTEXT NOT NULL PRIMARY KEY,
    data     TEXT NOT NULL,
    digest   BYTEA NOT NULL
);
