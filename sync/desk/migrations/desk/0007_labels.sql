-- Who holds the key of a recipient, in a few words for those who take interviews; NULL where nothing is said.
ALTER TABLE recipient ADD COLUMN label TEXT CHECK (label IS NULL OR length(label) > 0);
