"""The names of the hard rules of matching, as counts and claims tell them."""

from typing import Literal

Rule = Literal[
    "item",
    "scope",
    "gate",
    "beneficiary",
    "fitness",
    "cost",
    "admission",
    "seats",
    "window",
    "notice",
    "barred",
    "worth",
]
"""The hard rules, in the order in which they are tried; ``worth`` means: allowed, but worth nothing."""
