"""ALTCHA's proof of work. Needs the extra ``[challenge]``: import it where it is used."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence

from altcha import Payload, create_challenge, verify_solution

from .signing import derive
from .tokens import LEEWAY, SiteToken

ALGORITHM = "PBKDF2/SHA-256"
"""The only key derivation of ALTCHA's that browsers have built in: they do it on a thread of their own, so
that the page is not held up, and nothing has to be loaded for it."""

COST = 2_500
"""Iterations of one attempt. Issuing costs this server one attempt (1 to 3 ms), so it stays low."""

ATTEMPTS = 600
"""The most attempts that a solution takes; half as many on average. They can't be told from the challenge,
and no attempt is likelier than another, so nobody who knows this code finds it sooner.

600 × 2,500 iterations are 1.5 million. A phone of the middle class does about a million in a second, so it
takes 0.75 s on average and 1.5 s at worst, about as long as its owner takes to allow the microphone. A
desktop does 2 to 6 million: 0.1 to 0.7 s. A search for a hash with a given beginning, which ALTCHA does
otherwise, would have no worst case."""

LONGEST = 4_096
"""Characters of a solution; a real one has about 1,000."""


class Altcha:
    """Deterministic: the server knows the answer when it asks, and verifies it by one HMAC.

    :param keys: that sign what is issued, the newest first; what was issued with an older one is still taken.
    """

    def __init__(self, keys: Callable[[], Sequence[bytes]]) -> None:
        self._keys = keys

    def issue(self, token: SiteToken) -> Mapping[str, object]:
        """Bound to the token, which can be spent once, and good for as long as the token is taken."""
        of_parameters, of_answer = _pair(self._keys()[0])
        challenge = create_challenge(
            ALGORITHM,
            COST,
            counter=1 + secrets.randbelow(ATTEMPTS),
            expires_at=token.expires_at + LEEWAY,
            data={"jti": token.jti},
            hmac_secret=of_parameters,
            hmac_key_secret=of_answer,
        )
        return {"kind": "altcha", **challenge.to_dict()}

    def solved(self, token: SiteToken, solution: str) -> bool:
        """Whether it solves what was issued for this token, by any of the keys."""
        if len(solution) > LONGEST:
            return False
        try:
            payload = Payload.from_base64(solution)
            if payload.challenge.parameters.data != {"jti": token.jti}:
                return False
            return any(
                verify_solution(payload, of_parameters, hmac_key_secret=of_answer).verified
                for of_parameters, of_answer in map(_pair, self._keys())
            )
        except Exception:  # altcha reads what anybody may have sent, and promises no exception of its own
            return False


def _pair(key: bytes) -> tuple[bytes, bytes]:
    """One key for the challenge's parameters and one for its answer: no signature passes for the other."""
    return derive(key, "altcha parameters"), derive(key, "altcha answer")
