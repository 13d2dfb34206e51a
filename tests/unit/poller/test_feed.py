from arm_relay.poller.feed import Places, Turns


def turns(*things: str) -> Turns[str]:
    """Things named like `a1`: the first letter is the client."""
    waiting = Turns[str](lambda thing: thing[0])
    waiting.add(things)
    return waiting


def all_of(waiting: Turns[str]) -> list[str]:
    return [thing for thing in (waiting.take() for _ in range(len(waiting))) if thing]


def test_clients_take_turns_and_each_ones_things_keep_their_order() -> None:
    assert all_of(turns("a1", "a2", "a3", "b1", "c1", "b2")) == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_a_client_that_comes_later_does_not_wait_for_anothers_backlog() -> None:
    waiting = turns("a1", "a2", "a3")
    waiting.take()
    waiting.add(["b1"])

    assert all_of(waiting) == ["a2", "b1", "a3"]


def test_an_excluded_client_is_passed_over_and_keeps_its_place() -> None:
    waiting = turns("a1", "b1")

    assert waiting.take(lambda client_no: client_no == "a") == "b1"
    assert waiting.take(lambda client_no: client_no == "a") is None
    assert waiting.take() == "a1"


def test_all_that_waits_of_a_client_can_be_dropped() -> None:
    waiting = turns("a1", "b1", "a2")

    assert waiting.drop("a") == ["a1", "a2"]
    assert (waiting.clients, len(waiting), waiting.drop("a")) == ({"b"}, 1, [])


def test_a_client_holds_a_quarter_of_the_workers_while_others_wait() -> None:
    places = Places(16)
    for _ in range(4):
        places.enter("a")

    assert places.is_full("a", {"a", "b"})
    assert not places.is_full("b", {"a", "b"})
    places.leave("a")
    assert not places.is_full("a", {"a", "b"})


def test_a_client_alone_may_hold_them_all() -> None:
    places = Places(16)
    for _ in range(15):
        places.enter("a")

    assert not places.is_full("a", {"a"})


def test_others_that_are_at_work_count_though_nothing_of_theirs_waits() -> None:
    places = Places(8)
    for client_no in ("a", "a", "b"):
        places.enter(client_no)

    assert places.is_full("a", set())


def test_with_few_workers_each_client_still_gets_one() -> None:
    places = Places(2)

    assert not places.is_full("a", {"b"})
    places.enter("a")
    assert places.is_full("a", {"b"})
