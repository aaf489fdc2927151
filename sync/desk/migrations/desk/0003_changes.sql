-- What a mission changes after it was founded: its forms, its tokens, receivers that it names no more; and which return
-- boxes have other receipts than a receiver was given.

ALTER TABLE mission ADD COLUMN tokens INTEGER NOT NULL DEFAULT 64; -- upload tokens in each pack

ALTER TABLE mission_form ADD COLUMN retired INTEGER;     -- since when packs do not name it; NULL while they do

ALTER TABLE mission_receiver ADD COLUMN removed INTEGER; -- since when packs do not name it; it is fetched from all the same

CREATE TABLE return_box (                 -- boxes that have receipts; one row for each mission whose devices they are for
    retn    BLOB NOT NULL CHECK (length(retn) = 16),
    mission BLOB NOT NULL REFERENCES mission (id),
    changed INTEGER NOT NULL,              -- grows whenever a receipt is signed
    PRIMARY KEY (retn, mission)
) STRICT, WITHOUT ROWID;
CREATE INDEX return_box_by_change ON return_box (changed);
CREATE INDEX return_box_by_mission ON return_box (mission);

INSERT INTO return_box SELECT DISTINCT bundle.retn, device.mission, 1
    FROM receipt JOIN bundle USING (bid) JOIN device USING (serial);

CREATE TRIGGER receipt_signed AFTER UPDATE OF signed ON receipt BEGIN
    INSERT INTO return_box
        SELECT bundle.retn, device.mission, (SELECT coalesce(max(changed), 0) + 1 FROM return_box)
        FROM bundle, device WHERE bundle.bid = NEW.bid AND device.serial = NEW.serial
        ON CONFLICT (retn, mission) DO UPDATE SET changed = excluded.changed;
END;

-- What was put until now was noted by a hash; those boxes are put once more.
DROP TABLE return_put;
CREATE TABLE return_put (
    receiver BLOB NOT NULL CHECK (length(receiver) = 32),
    retn     BLOB NOT NULL CHECK (length(retn) = 16),
    changed  INTEGER NOT NULL,             -- of the box, as it was put
    at       INTEGER NOT NULL,
    PRIMARY KEY (receiver, retn)
) STRICT;
