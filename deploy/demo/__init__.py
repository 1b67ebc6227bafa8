"""The demo population: a made-up district with real region codes, whose lists arrive over time.

Every unit, person, offer and wish is invented; names that resemble real ones do so by chance.
"""
