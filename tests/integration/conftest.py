from tests.support.dynamodb_local import dynamodb_local

__all__ = ["dynamodb_local"]
