"""`python -m benchmarks`: how the relay compares with a floor and a peer, as ratios measured in one
run.

The contestants, each in a process of its own, alternating: the relay as it is built; `floor`, a bare handler that
makes the same three network calls and nothing else; `peer`, the same job written the usual way. `contestants` says how
each is started, `worker` is the process around it, `start` has the one with AWS's runtime client, `cloud` answers.
"""
