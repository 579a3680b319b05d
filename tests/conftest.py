import os
import sys
from pathlib import Path

# Threads that spin while they wait make torch ten times slower as soon as anything else runs beside the tests.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# The slow oracles live beside the tests that use them.
sys.path.insert(0, str(Path(__file__).parent / "engine"))
