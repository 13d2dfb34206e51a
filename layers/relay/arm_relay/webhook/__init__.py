"""The webhook function: `admission` checks who sends, `signatures` how it is signed, `intake` takes the orders.

`identity` says whether an order is new, `receipts` what became of each order, `responses` writes it as JSON, `problems`
says what each failure means. `questions` reads what senders ask, `status` says what has become of orders, `results`
lists what was announced.
"""
