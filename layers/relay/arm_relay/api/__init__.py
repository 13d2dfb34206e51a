"""What the functions behind API Gateway share: `event` reads a request, `problems` and `responses` answer it,
`progress` says how far a batch is.
"""
