"""``python -m cli`` is ``cor``."""

from cli.main import main

main()
