-- The tables that a form of a mission looks into, which go with it into packs.

CREATE TABLE mission_form_file (
    mission BLOB NOT NULL,
    form    BLOB NOT NULL,                 -- H(XForm bytes)
    name    TEXT NOT NULL,
    data    BLOB NOT NULL,
    PRIMARY KEY (mission, form, name),
    FOREIGN KEY (mission, form) REFERENCES mission_form (mission, hash)
) STRICT;
