"""A draft as an Excel file: written offline, read back, compared, and applied only when confirmed.

`layout` knows sheets, rows and columns, `seal` what the file says about itself, `template` writes it, `package` opens
an uploaded one safely, `reading` turns its cells into the fields of the web forms, `proposal` compares.
"""
