"""What a log holds, in counts that name nobody: the yearly report, and the flows that the console draws.

Format: docs/spec/report.md.
"""
