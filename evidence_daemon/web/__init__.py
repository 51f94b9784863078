"""The web house: review desk, look-up and figures in a browser.  Begin with `site.py`."""
