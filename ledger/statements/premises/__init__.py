"""What must hold for a certificate to count at a time, one premise a module (docs/spec/recognition.md)."""
