"""From worths to seats given, with prices that prove it."""
