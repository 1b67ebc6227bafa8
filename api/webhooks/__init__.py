"""Webhooks: what happens is posted to whoever subscribed, signed as the Standard Webhooks specification says."""
