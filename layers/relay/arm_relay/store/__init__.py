"""What DynamoDB holds: `records` makes and reads each kind of item, `compression` makes it small, `table` stores it."""
