"""The operators' function: `inquiries` and `lists` are what operators ask, `redrive` and `bulk` what they do to one
batch and to many. `responses` writes the answers as JSON, `problems` says what each failure means.
"""
