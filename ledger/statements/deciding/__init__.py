"""What the measures in force say about one transfer; rule: docs/spec/deciding.md."""
