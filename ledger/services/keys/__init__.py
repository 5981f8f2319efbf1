"""Key files, and keys whose secret another program holds."""
