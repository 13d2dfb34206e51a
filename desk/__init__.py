"""The desk: the command `relay`, for operators and for whoever sets the relay up. It is never deployed.

`__main__` starts it, `app` has the commands and what they have in common, `problems` what a person can cause.
`connection` is which relay is meant, `api` signs requests to it, `relay` has a call for each of the operators' routes
and `answers` what they answer. `aws_problems` says AWS's failures in words.
`contract_commands` are `relay contract ...`: `explanation` says how an answer of ARM's is read, and why; `gaps` what a
contract would have to say so that one which is not understood would be, with its `places` in the answer.
`probe_command` is `relay probe`, with the folder `probe/`.
"""
