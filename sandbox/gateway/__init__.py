"""API Gateway in the sandbox: plain HTTP in front of the deployed functions.

What a request meets, in order:

1. `server` reads it from the socket and writes the response; `messages` are the two values.
2. `pages` answers `/`, with the API's description as a page (`page.js`); `signing` signs what is tried out there.
3. `upstream` passes the rest on to MiniStack; `sigv4` checks the signature where a route wants one.
4. `routes` are the template's routes, which MiniStack does not create by itself.
"""
