"""What must survive a power cut.  The only room with a database."""
