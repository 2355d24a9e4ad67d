"""The contract with other services as files, made from what the code declares: ``python -m docs.contract_files``."""
