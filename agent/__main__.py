"""`python -m agent`, which is `athanor`."""

from agent.cli import main

if __name__ == "__main__":
    main()
