"""Rows in, posterior out: the encoding between lab units and tensors, and the surrogate."""
