"""`python -m frrgen`."""

import sys

from frrgen.cli import main

sys.exit(main())
