"""One use case a module; composes the floors below.

A line knows only the lines below it (import-linter holds it):

    node
    recovery
    console
    auditing | monitoring | relay | log
    witnessing | rules | finality
    exchange
    recognition | registration | anchoring
    bundles | admission | tables
    trust | lineage
    drafting | home
    keys
    files | ids | repeating | render | statistics
"""
