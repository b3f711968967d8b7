"""Instruments, simulators and people at a bench: one module for each thing that is talked to.

Each module holds one class that keeps the contract of `agent.core.adapter`, built from its
`Settings`. The composition root imports a module only when a campaign names it.
"""
