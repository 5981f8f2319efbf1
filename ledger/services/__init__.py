"""One use case a module; composes the floors below."""
