"""`python -m tabcouce`."""

from tabcouce.cli import main

if __name__ == "__main__":
    main()
