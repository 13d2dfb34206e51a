"""The page of `relay desk`: what operators see and do in a browser, on their own machine.

- `command` is `relay desk`, `running` puts the parts together; `server` listens on this machine alone, and
  `opening` starts the browser.
- `guards` let in only who has the address, from this page alone; `forms` reads what was filled in.
- `application` has the routes; `views/` answer them, `pages` writes them with the templates in `templates/`.
- Pure: `stories` are the steps of an order, `invoices` what was sent as an invoice looks, `causes` a cause in words,
  `tables` the days as rows, `chart` their plot, `formats` and `words` how numbers, dates and texts are written.
- `reviews` keep what a person has seen before they act, and what became of it.
- `inquiries` asks the relay several things at once. `playing` plays failures in the sandbox.
"""
