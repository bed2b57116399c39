from octrad.gateway.server.prices import hash_prices


def test_hash_of_prices_follows_what_is_configured_and_not_its_order() -> None:
    both = {"a/b": (1.0, 2.0), "c/d": (0.0, 0.0)}
    assert hash_prices(both) == hash_prices(dict(reversed(both.items())))
    assert len({hash_prices(both), hash_prices({}), hash_prices({"a/b": (1.0, 2.5), "c/d": (0.0, 0.0)})}) == 3
