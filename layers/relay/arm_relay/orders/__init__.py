"""What senders send: `json_bodies` reads JSON, `order` says what an order event may hold, `parsing` reads a request.

`values` says what single values may be, with `currencies` and `check_digits`, and `checks` what fields must not be
together. `faults` says what is wrong with an order, where, and in which words.
"""
