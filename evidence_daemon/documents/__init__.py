"""What a stranger attached: made safe, then read.  `reader` is the room's only door."""
