"""The evidence bundle, the eleven steps and the report.  Pure."""
