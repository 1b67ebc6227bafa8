"""Open311 GeoReport v2: a city's hotline posts requests as it does everywhere, and reads what became of them."""
