"""The commands of `athanor`, one module a subject. Heavy packages are imported inside the commands."""
