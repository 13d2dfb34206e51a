"""The operators' function: `inquiries` is what operators ask, `redrive` what they do.

`responses` writes the answers as JSON, `problems` says what each failure means.
"""
