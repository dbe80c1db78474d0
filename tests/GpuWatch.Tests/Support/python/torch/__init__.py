"""As much of PyTorch as gpuwatch_torch looks at, and a watch on what it may not touch."""
from . import cuda  # noqa: F401
