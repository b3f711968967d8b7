"""Approved -> job -> sent, exactly once; leases; finding out after a crash."""
