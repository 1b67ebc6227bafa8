"""Notices 通知: what a person should know, told by e-mail or webhook, seldom enough to be read."""
