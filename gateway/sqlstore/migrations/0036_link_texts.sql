-- What links are found by. PostgreSQL takes a row apart column by column up to the one that is asked for, and the row of
-- a link is wide: whoever looks for a text among a merchant's links reads a narrow table there. The database keeps it by
-- itself, so that the program before this one may go on making links while an upgrade rolls. SQLite reads the rows
-- themselves: a trigger would double what it costs to write a link.
--: sqlite
CREATE VIEW link_texts AS SELECT merchant, created_at, id AS link, search FROM links;
--: postgres
CREATE TABLE link_texts (
    merchant   KEYTEXT NOT NULL,
    created_at BIGINT NOT NULL,
    link       KEYTEXT NOT NULL,
    search     TEXT NOT NULL,
    PRIMARY KEY (merchant, created_at, link)
);
CREATE FUNCTION odelink_link_text() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO link_texts (merchant, created_at, link, search) VALUES (NEW.merchant, NEW.created_at, NEW.id, NEW.search);
    ELSE
        UPDATE link_texts SET search = NEW.search WHERE merchant = NEW.merchant AND created_at = NEW.created_at AND link = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER links_text_made AFTER INSERT ON links FOR EACH ROW EXECUTE FUNCTION odelink_link_text();
CREATE TRIGGER links_text_changed AFTER UPDATE OF search ON links FOR EACH ROW WHEN (NEW.search <> OLD.search) EXECUTE FUNCTION odelink_link_text();
INSERT INTO link_texts (merchant, created_at, link, search) SELECT merchant, created_at, id, search FROM links;
