"""RFC 5322, IMAP and SMTP live here and nowhere else."""
