"""Write the messy files into a folder, to be tried in a browser: ``python -m tests.intake.messy FOLDER``."""

import sys
from pathlib import Path

from tests.intake.messy import ALL_LISTS

for one in ALL_LISTS:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    sys.stdout.write(f"{one.write(folder)}\n")
