"""What the relay keeps: `batch` says what a batch is, `steps` how it changes, `causes` why, `pace` when it is due next.

`day_book` sums up a day. `summary` writes it as JSON for people and programs.
"""
