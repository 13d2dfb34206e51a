"""The operators' function: `inquiries` is what operators ask, `redrive` what they do, `preview` what orders
would become. `responses` writes the answers as JSON, `problems` says what each failure means.
"""
