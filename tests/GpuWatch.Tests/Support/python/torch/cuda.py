"""A script sets `initialized` and `told`; whatever else is asked of it, or too early, is noted in `violations`."""
import os

initialized = False
violations = []
devices = 2
uuid = None
_at_home = os.getpid()


def told(index):
    """(allocated, reserved) in bytes."""
    return 0, 0


def is_initialized():
    return initialized


def device_count():
    return _allowed("device_count", devices)


def memory_stats(index):
    allocated, reserved = told(index)
    return _allowed("memory_stats", {
        "allocated_bytes.all.current": allocated, "allocated_bytes.all.peak": allocated, "reserved_bytes.all.current": reserved,
        "num_alloc_retries": 0, "num_ooms": 0,
    })


class _Properties:
    pass


def get_device_properties(index):
    properties = _Properties()
    if uuid is not None:
        properties.uuid = uuid
    return _allowed("get_device_properties", properties)


def _allowed(name, value):
    # The real ones would create a context where the program has made none.
    if not initialized:
        violations.append(name)
    return value


def __getattr__(name):
    if not name.startswith("__"):
        violations.append(name)
    raise AttributeError(name)
