"""What may be typed into the report pages: one module for each subject."""
