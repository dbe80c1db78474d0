"""Tells GpuWatch what PyTorch's allocator holds, which NVML cannot see: `import gpuwatch_torch` in the training script.

A daemon thread reads torch.cuda.memory_stats once a period (GPUWATCH_IN_PROCESS_PERIOD, seconds, default 0.5; 0: never) and
replaces /dev/shm/gpuwatch-PID-STARTTICKS.json, which the agent reads (docs/decisions/0027). Sizes are in bytes. It never imports torch
and never creates a CUDA context: it waits until the program has done both. Whatever goes wrong costs one line on stderr and never
the program. Python 3.8 or later; outside Linux it does nothing.
"""
import atexit
import os
import sys
import threading
import time

_FOLDER = "/dev/shm"
_DEFAULT_PERIOD = 0.5
_LEAST_PERIOD, _MOST_PERIOD = 0.05, 60.0
# Periods between two looks at the devices on which nothing was cached: each look costs some 50 us a device under the GIL.
_ALL_DEVICES_EVERY = 20
# A living process replaces its file all the time; one this old (seconds) was left by one that was killed.
_LEFT_BEHIND = 3600.0

_teller = None
_has_complained = False


def _complain(fault):
    """One line at most, and none where not even that is possible."""
    global _has_complained
    if _has_complained:
        return
    _has_complained = True
    try:
        sys.stderr.write("gpuwatch_torch: live bytes cannot be told: %s\n" % " ".join(repr(fault).split())[:200])
    except Exception:
        pass


def _period():
    """Seconds between two readings; None: never."""
    text = os.environ.get("GPUWATCH_IN_PROCESS_PERIOD", "")
    if not text:
        return _DEFAULT_PERIOD
    period = float(text)
    if period == 0:
        return None
    if not _LEAST_PERIOD <= period <= _MOST_PERIOD:
        raise ValueError("GPUWATCH_IN_PROCESS_PERIOD=%s; %g to %g seconds are expected" % (text, _LEAST_PERIOD, _MOST_PERIOD))
    return period


def _start_ticks():
    """Field 22 of /proc/self/stat: with the pid it names this process for good. Its name may hold blanks and brackets."""
    with open("/proc/self/stat", "rb") as stat:
        return int(stat.read().rpartition(b")")[2].split()[19])


def _initialized_cuda():
    """torch.cuda once the program has initialised it; None before. From sys.modules: an attribute of torch may import something."""
    cuda = sys.modules.get("torch.cuda")
    is_initialized = getattr(cuda, "is_initialized", None) if cuda is not None else None
    return cuda if is_initialized is not None and is_initialized() else None


def _names(cuda, index):
    """What names the card beyond CUDA_VISIBLE_DEVICES; older versions of PyTorch do not tell it."""
    properties = cuda.get_device_properties(index)
    names = {}
    uuid = getattr(properties, "uuid", None)
    if uuid is not None:
        names["uuid"] = str(uuid)
    bus = getattr(properties, "pci_bus_id", None)
    if isinstance(bus, int):
        names["pci_bus_id"] = "%08x:%02x:%02x.0" % (getattr(properties, "pci_domain_id", 0), bus, getattr(properties, "pci_device_id", 0))
    return names


class _Teller:
    """The thread and the file of one process."""

    def __init__(self, period):
        self.period = period
        self.path = "%s/gpuwatch-%d-%d.json" % (_FOLDER, os.getpid(), _start_ticks())
        self.stopped = threading.Event()
        # Who ends the process may come in the middle of a write.
        self.writing = threading.Lock()
        self.names = {}
        self.readings = 0
        threading.Thread(target=self._run, name="gpuwatch", daemon=True).start()

    def stop(self):
        self.stopped.set()
        # A write that hangs must not hold up the program's end.
        if self.writing.acquire(timeout=1):
            try:
                os.unlink(self.path)
            except OSError:
                pass

    def _run(self):
        share = 0.0
        try:
            _sweep()
        except Exception:
            pass
        # Up to a tenth more or less, so that steps of the same length are not seen at the same moment for ever.
        while not self.stopped.wait(self.period * (0.9 + 0.2 * share)):
            share = (share + 0.618034) % 1
            try:
                cuda = _initialized_cuda()
                if cuda is not None:
                    self._tell(self._read(cuda))
            except Exception as fault:
                _complain(fault)

    def _read(self, cuda):
        """Devices on which something was cached, with their live and reserved bytes at this moment."""
        found = range(cuda.device_count()) if self.readings % _ALL_DEVICES_EVERY == 0 else sorted(self.names)
        self.readings += 1
        devices = []
        for index in found:
            stats = cuda.memory_stats(index)
            reserved = stats.get("reserved_bytes.all.current", 0)
            if index not in self.names:
                if not reserved:
                    continue
                self.names[index] = _names(cuda, index)
            device = {
                "index": index,
                "allocated_bytes": stats.get("allocated_bytes.all.current", 0),
                "reserved_bytes": reserved,
                "allocated_peak_bytes": stats.get("allocated_bytes.all.peak", 0),
                "alloc_retries": stats.get("num_alloc_retries", 0),
                "ooms": stats.get("num_ooms", 0),
            }
            device.update(self.names[index])
            devices.append(device)
        return devices

    def _tell(self, devices):
        import json

        told = {"version": 1, "monotonic_ns": time.monotonic_ns(), "period_s": self.period, "devices": devices}
        text = json.dumps(told).encode("ascii")
        with self.writing:
            if not self.stopped.is_set():
                self._replace(text)

    def _replace(self, text):
        """Written beside and moved into place, so that nobody reads half of it. The folder is everybody's: nothing is followed."""
        beside = self.path + ".new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            file = os.open(beside, flags, 0o644)
        except FileExistsError:
            os.unlink(beside)
            file = os.open(beside, flags, 0o644)
        try:
            # An agent of another user may read it, whatever the umask: NVML tells it as much.
            os.fchmod(file, 0o644)
            os.write(file, text)
        finally:
            os.close(file)
        os.replace(beside, self.path)


def _sweep():
    """Removes what processes of this user left behind that were killed."""
    now = time.time()
    for entry in os.scandir(_FOLDER):
        if entry.name.startswith("gpuwatch-") and entry.name.endswith((".json", ".json.new")):
            try:
                stat = entry.stat(follow_symlinks=False)
                if stat.st_uid == os.geteuid() and now - stat.st_mtime > _LEFT_BEHIND:
                    os.unlink(entry.path)
            except OSError:
                continue


def _start():
    """In a forked child too: threads do not survive a fork, and its file is another."""
    global _teller
    _teller = None
    try:
        period = _period()
        if period is not None and sys.platform.startswith("linux"):
            _teller = _Teller(period)
    except Exception as fault:
        _complain(fault)


def _stop():
    teller = _teller
    try:
        if teller is not None:
            teller.stop()
    except Exception as fault:
        _complain(fault)


_start()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start)
atexit.register(_stop)
