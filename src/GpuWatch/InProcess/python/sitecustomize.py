"""Brings gpuwatch_torch into a program without a change of it: `gpuwatch run --in-process` puts this folder on PYTHONPATH.

Python imports one sitecustomize at its start, and ours hides the one that was there: that one runs first, as if it were alone.
"""
import importlib.machinery
import importlib.util
import os
import sys


def _hidden():
    """The module this one hides; None where there is none."""
    here = os.path.dirname(os.path.abspath(__file__))
    others = [place for place in sys.path if os.path.abspath(place or os.curdir) != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    return spec if spec is not None and spec.loader is not None else None


def _run_hidden():
    spec = _hidden()
    if spec is not None:
        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


try:
    # What it raises is its own and goes on to Python, which tells it as ever.
    _run_hidden()
finally:
    try:
        import gpuwatch_torch  # noqa: F401
    except Exception as fault:
        try:
            sys.stderr.write("gpuwatch_torch: cannot be brought in: %s\n" % " ".join(repr(fault).split())[:200])
        except Exception:
            pass
