"""The operators' function: `inquiries` and `lists` are what operators ask, `redrive` and `bulk` what they do to one
batch and to many. `forgetting` removes what is held of people, `day_reports` says what a day comes to, `health_report`
whether the relay can do its work. `responses` writes the answers as JSON, `problems` says what each failure means.
"""
