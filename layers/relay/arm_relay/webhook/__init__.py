"""The webhook function: `admission` checks who sends, `signatures` how it is signed, `intake` takes the orders.

`preview` shows what orders would become, `customers` asks whether ARM knows who is billed. `lookup` finds what the
table has of a request, `identity` says whether an order is new, `crediting` whether a credit note may go to ARM, `ways`
how sending and retrying differ, `taking` which orders belong in which new batch, `receipts` what became of each order.
`questions` reads what senders ask, `status` says what has become of orders, `results` lists what was announced.
`responses` writes all that as JSON, `problems` says what each failure means. `description` describes the API.
"""
