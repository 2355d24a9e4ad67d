"""The writers' ledgers: rebuilt where one was lost."""
