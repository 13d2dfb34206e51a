"""Copying what a damaged table has lost back from a restored one: docs/deploying.md says when and how.

rules       what is copied, and as what
__main__    the command
"""
