"""What `relay probe` does: it learns ARM's contract from ARM's staging system.

1. `steps` what is asked and created, one step after the other. Pure.
2. `arm` the calls, each with its answer and the time it took.
3. `session` carries the steps out: it asks before it creates anything, and goes on where it was interrupted.
4. `record` keeps what was seen in a folder, redacted by `redaction`.
5. `examples` what is known of each recorded answer, and how a contract reads it. Pure.
6. `inference` the lines of a contract that the answers show; `proposal` lays them over the present one. Pure.
7. `questions` the open questions about ARM, and what was found of each; `report` says all of it to people. Pure.
"""
