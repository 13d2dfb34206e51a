"""What senders send: `json_bodies` reads JSON, `order` says what an order event may hold, `parsing` reads a request.

`faults` says what is wrong with one, where, and in which words.
"""
