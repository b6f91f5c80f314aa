"""Audits a CSV file of subscriptions: an ordinary Beam pipeline whose result is rows for people."""
