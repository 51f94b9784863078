"""The judge's room: no clock, no file, no network, no database.  All pure."""
