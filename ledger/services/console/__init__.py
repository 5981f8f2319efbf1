"""What people look at when they look at a node: one module a view, each gathered within fixed bounds."""
