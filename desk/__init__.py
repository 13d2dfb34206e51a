"""The desk: the command `relay`, for operators and for whoever sets the relay up. It is never deployed.

`__main__` starts it, `app` has the commands and what they have in common, `problems` what a person can cause.
`connection` is which relay is meant, `api` signs requests to it, `relay` has a call for each of the operators' routes
and `answers` what they answer. `aws_problems` says AWS's failures in words. `console` is what all commands share,
`words` how amounts and times look.
`order_commands` tell what has become of an order, in the words of `explained`; `batch_commands` list batches,
`redrive_commands` act on them; `report_command` has the sums of a day, `doctor_command` the health.
`client_commands` change who may send (`client_secrets`), and know from `signing_log` who did. `sender_commands` do what
a client's own program does (`sender`).
`contract_commands` are `relay contract ...`: `explanation` says how an answer of ARM's is read, and why; `gaps` what a
contract would have to say so that one which is not understood would be, with its `places` in the answer.
`probe_command` is `relay probe`, with the folder `probe/`.
"""
