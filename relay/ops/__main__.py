"""``python -m relay.ops`` is ``cor``."""

from relay.ops.cli import main

main()
