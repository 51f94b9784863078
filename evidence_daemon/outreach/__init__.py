"""The outbound campaign: scripts and calendar (pure), the engine, and one driver for each channel."""
