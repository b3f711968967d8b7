"""The contract suite against the real thing: what it will do (`foreseen`), that it does no more (`watched`), and what
came of each promise (`proving`, by way of the suite in `declared`). pytest is imported here, and nowhere else but in
`adapters.testing`.
"""
