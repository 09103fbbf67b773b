"""What to do next: the engineers' review of the factors."""

from tabcouce.advice.review import Entry, Review

__all__ = ["Entry", "Review"]
