"""The demo house: invented customers, papers and mails, and a mailbox on loopback."""
