"""What is remembered of signed requests, whatever the clocks of those who ask."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from ledger.store.database import Database, is_server, open_database
from ledger.store.requests import PRUNED, Requests

KEY = "did:web:exporter.example.xa#2026"
NONCE = "n" * 22
NOW = 1_795_320_000
OVER = NOW + 900
LATER = OVER + PRUNED


def taken_away(database: Database) -> None:
    """A nonce is used, and taken away when its time is over."""
    requests = Requests(database)
    assert requests.use(KEY, NONCE, until=OVER, now=NOW) == "first"
    assert requests.use(KEY, "l" * 22, until=LATER + 900, now=LATER) == "first"
    assert database.rows("SELECT nonce FROM request_nonce") == [("l" * 22,)]


def test_a_clock_that_is_set_back_brings_no_nonce_back(database: Database) -> None:
    taken_away(database)
    asked = Requests(database)  # as another process
    for nonce in (NONCE, NONCE, "other" * 5):
        assert asked.use(KEY, nonce, until=OVER, now=NOW) == "forgotten"


def test_what_is_of_a_later_time_than_all_that_was_taken_away_goes_on(database: Database) -> None:
    taken_away(database)
    assert Requests(database).use(KEY, NONCE, until=OVER + 1, now=NOW) == "first"


def test_of_the_times_at_which_nonces_were_taken_away_the_latest_stands(database: Database) -> None:
    taken_away(database)
    other = Requests(database)
    assert other.use(KEY, "m" * 22, until=OVER + 2, now=NOW) == "first"
    assert other.use(KEY, "o" * 22, until=LATER + 900, now=LATER) == "first"
    assert database.rows("SELECT until FROM request_forgotten") == [(OVER + 2,)]
    late = Requests(database)
    assert late.use(KEY, "p" * 22, until=OVER + 1, now=NOW) == "forgotten"


def test_nonces_are_taken_away_while_the_same_one_comes_again_and_it_is_not_taken(
    database: Database, place: Path | str
) -> None:
    assert Requests(database).use(KEY, NONCE, until=OVER, now=NOW) == "first"
    with ExitStack() as stack:
        beside = stack.enter_context(ThreadPoolExecutor(1))
        on_server = is_server(place)  # a file is one process's alone
        other = stack.enter_context(open_database(place, lead=False)) if on_server else database
        behind = Requests(other)
        with database.write() as writing:
            Requests(database)._prune(writing, LATER)
            again = beside.submit(behind.use, KEY, NONCE, until=OVER, now=NOW)
            assert not again.done()
        assert again.result(10) == "forgotten"
