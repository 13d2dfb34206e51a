"""What the routes answer: `flow` now and health, `orders` search and stories, `redrives` lists and what is done to
ticked batches, `bulk` what is done to all batches of a cause, `days` counts and sums, `sandbox` failures to play,
`problems` what did not work. `parts` is what all of them are given.
"""
