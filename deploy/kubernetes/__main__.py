"""``python -m deploy.kubernetes``: writes what follows from the code.

With a prefix (``COR_TOPIC_PREFIX``) into another folder: ``--prefix dev- --folder FOLDER``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from deploy.kubernetes import strimzi

FOLDER = Path(__file__).parent / "components" / "strimzi"


def main() -> None:
    """Writes ``topics.yaml`` and ``users.yaml``."""
    parser = argparse.ArgumentParser(prog="python -m deploy.kubernetes", description=__doc__)
    parser.add_argument("--prefix", default="", help="COR_TOPIC_PREFIX")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write")
    chosen = parser.parse_args()
    for name, resources in (("topics", strimzi.topics(chosen.prefix)), ("users", strimzi.users(chosen.prefix))):
        file = chosen.folder / f"{name}.yaml"
        file.write_text(strimzi.document(resources), encoding="utf-8")
        print(f"wrote {file}")


if __name__ == "__main__":
    main()
