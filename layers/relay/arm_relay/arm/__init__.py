"""Amili's ARM ledger: its documents, its token, its four calls and how its answers are read."""
