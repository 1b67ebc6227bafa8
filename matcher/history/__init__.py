"""Recorded histories, decided anew."""
