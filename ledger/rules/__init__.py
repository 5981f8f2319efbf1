"""Code lists shipped as data, each with its source and date."""
