"""The pure core: pools, eligibility, values, assignment, prices, explanation, replay."""
