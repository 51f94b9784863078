"""One file per step of the schema, in order; a step that was released is never edited."""
