"""``python -m relay.ops`` is ``cor``."""

from cli.main import main

main()
