"""The node console: what people see of a node in a browser, made by the server; nothing of it runs there."""
