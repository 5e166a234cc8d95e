"""Random stores for the tests of the ontology: production as the rules' machine draws it, and odd texts."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

from tcps.home import Home
from tcps.model import Frequency
from tcps.service import maintenance
from tcps.service.outside import Outside
from tcps.store import Store
from tests.conftest import FixedClock
from tests.ontology.odd import Odd
from tests.rules.line import Unhurried
from tests.rules.model import Model
from tests.rules.test_model import Choice, attempt, attempt_model


def grow(folder: Path, seed: int, steps: int = 160, odd: int = 60) -> Iterator[Store]:
    """A random store, given each time that more has been done in it; the last time it is whole."""
    random, clock = Random(seed), FixedClock()
    with Store.create(folder, actor="alice", clock=clock, disk=Unhurried()) as store:
        said, model = Odd(store, random, clock), Model()
        choice = Choice(random, model)
        for number in range(1, steps + 1):
            model.now = clock.now
            name, given = choice.step()
            if name == "wait":
                clock.forward(**given)
            else:
                attempt_model(model, name, given)
                attempt(store, name, given)
            if number % 80 == 0:
                yield store
        for number in range(1, odd + 1):
            said.something()
            if number % 30 == 0:
                yield store
        frequency = random.choice(list(Frequency))
        maintenance.run(store, frequency, Outside(Home(folder / "home")), force=True)
        yield store


def whole(folder: Path, seed: int) -> Store:
    """A random store, which the caller closes."""
    *_, last = grow(folder, seed)
    return Store.open(folder, actor="bob", clock=last.engine.clock, disk=Unhurried())
