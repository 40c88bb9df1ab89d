"""Who counts as one visitor."""

from __future__ import annotations

import pytest

from vaani_widget.tokens import Keyring
from vaani_widget.visitors import is_private, network

OLD, NEW = b"o" * 32, b"n" * 32


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:c000:207", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("192.0.2.7:50123", "192.0.2.7"),
        ("[2001:db8:1:2:3:4:5:6]:50123", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix:", "unix:"),
        ("gateway:80", "gateway:80"),
        ("192.0.2.07", "192.0.2.07"),
    ],
)
def test_network(address: str, counted_as: str) -> None:
    assert network(address) == counted_as


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("10.0.0.1", True),
        ("172.17.0.1", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("fd00::1", True),
        ("fe80::1%eth0", True),
        ("::ffff:10.0.0.1", True),
        ("10.0.0.1:50123", True),
        ("8.8.8.8", False),
        ("8.8.8.8:50123", False),
        ("2a00:1450:4001::1", False),
        ("", False),
        ("nobody", False),
    ],
)
def test_private(address: str, private: bool) -> None:
    assert is_private(address) == private


class TestNames:
    keyring = Keyring((NEW, OLD))

    def names(self, keyring: Keyring | None = None, site: str = "acme", **who: str | None) -> tuple[str, ...]:
        who = {"sub": None, "address": "192.0.2.7", **who}
        return (keyring or self.keyring).visitor_ids(site, **who)  # type: ignore[arg-type]

    def test_tell_nothing(self) -> None:
        assert not any("192.0.2.7" in name or "someone" in name for name in self.names(sub="someone"))

    def test_one_for_each_key_the_newest_first(self) -> None:
        assert self.names() == self.names(Keyring((NEW,))) + self.names(Keyring((OLD,)))

    def test_are_the_same_for_all_addresses_of_a_network(self) -> None:
        assert self.names(address="2001:db8::1") == self.names(address="2001:db8::2")
        assert self.names(address="2001:db8::1") != self.names(address="2001:db8:0:1::1")

    def test_a_sub_counts_wherever_it_calls_from(self) -> None:
        assert self.names(sub="7") == self.names(sub="7", address="198.51.100.1")

    def test_a_sub_is_no_address(self) -> None:
        """A grant that names somebody's address does not use up that visitor's calls."""
        assert self.names(sub="192.0.2.7") != self.names()

    def test_differ_by_site(self) -> None:
        assert self.names() != self.names(site="other")
        # Where one text would be put together from both, these would be one visitor.
        assert self.names(site="a", sub="bc") != self.names(site="ab", sub="c")
