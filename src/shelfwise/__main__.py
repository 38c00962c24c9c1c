"""`python -m shelfwise` is the command `shelfwise`."""

import sys

from shelfwise.cli import main

sys.exit(main())
