"""Transfer records from the rows of a spreadsheet: read, signed, registered piece by piece, reported."""
