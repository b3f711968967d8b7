"""The nouns as frozen values, the life cycles as tables, the Adapter protocol. No I/O, no SQL, no torch."""
