"""Over HTTP: one module for each page."""
