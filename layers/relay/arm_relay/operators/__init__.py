"""The operators' function: `inquiries` is what operators ask, `redrive` what they do, `preview` what orders
would become. `forgetting` removes what is held of people, `day_reports` says what a day comes to,
`health_report` whether the relay can do its work. `responses` writes
the answers as JSON, `problems` says what each failure means.
"""
