"""A power cut while backups are pruned: what is kept is there, and what is left has all that it rests on."""

from tests.crash import pruned


def test_nothing_that_is_left_has_lost_what_it_rests_on() -> None:
    assert pruned.check() == 4
