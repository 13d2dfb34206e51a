"""What the relay keeps: `batch` says what a batch is, `steps` how it changes, `causes` why, `pace` when it is due next.

`selection` picks and sums up many, `bulk_redrive` is what operators have done to many, `day_book` sums up a day.
`summary` writes a batch as JSON for people and programs.
"""
