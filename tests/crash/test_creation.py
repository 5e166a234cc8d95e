"""A power cut while a store is made: there is none, or a whole one; and one that was reported stays."""

from tests.crash import creation


def test_a_store_is_there_whole_or_not_at_all_and_stays_once_it_was_reported() -> None:
    """Format 2.2."""
    assert creation.check() > 10
