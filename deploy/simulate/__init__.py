"""Simulations 仿真: real input of the past, run through the whole path in virtual time."""
