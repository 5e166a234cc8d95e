"""Each step of the commit protocol is there for something: without it a crash is not recovered from."""

from concurrent.futures import ThreadPoolExecutor

from tests.crash import mutants


def test_a_mutant_of_the_protocol_is_caught_and_the_protocol_itself_is_not() -> None:
    """The syncs and their order: format 4.5, 4.6, 4.7, 5.6, 8.1, 8.9, 9.2."""
    with ThreadPoolExecutor(2) as both:
        whole = both.submit(mutants.whole)
        caught = dict(zip(mutants.MUTANTS, both.map(mutants.caught, mutants.MUTANTS), strict=True))
    for mutant, by in caught.items():
        print(f"\n{mutant.name}:\n    {by[:100] or 'NOT CAUGHT'}")
    assert [mutant.name for mutant, by in caught.items() if not by] == []
    assert whole.result() == ""
