"""The only place that builds clients and puts the use cases together; once per Lambda environment.

Each function has a module of its own, so that it loads nothing of the other.
"""
