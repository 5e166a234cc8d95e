"""A power cut while backups are made: what has an archive's name is whole, and stays once it was reported."""

from tests.crash import archives


def test_an_archive_is_there_whole_or_not_at_all_and_stays_once_it_was_reported() -> None:
    """Format 13.5."""
    assert archives.check() > 20
