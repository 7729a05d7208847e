"""Makes the modules of docs/site importable, as the site's own hook does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs/site"))
