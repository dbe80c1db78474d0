/* The calls about the library, the driver and how to reach a device. */
#include "engine.h"
#include <string.h>

EXPORT nvmlReturn_t nvmlInit_v2(void) { return sim_open(__func__); }
EXPORT nvmlReturn_t nvmlInit(void) { return sim_open(__func__); }
EXPORT nvmlReturn_t nvmlInitWithFlags(unsigned int flags) { (void)flags; return sim_open(__func__); }
EXPORT nvmlReturn_t nvmlShutdown(void) { return sim_close(__func__); }

EXPORT const char *nvmlErrorString(nvmlReturn_t result)
{
    static const char *const texts[] = {
        "Success", "Uninitialized", "Invalid Argument", "Not Supported", "Insufficient Permissions", "Already Initialized", "Not Found",
        "Insufficient Size", "Insufficient External Power", "Driver Not Loaded", "Timeout", "Interrupt Request Issue",
        "NVML Shared Library Not Found", "Function Not Found", "Corrupted infoROM", "GPU is lost", "GPU requires restart",
        "The operating system has blocked the request", "Driver/library version mismatch", "In use by another client",
        "Insufficient Memory", "No data", "vGPU ECC not supported", "Insufficient resources", "Frequency not supported",
        "Argument version mismatch", "Deprecated", "Not ready", "GPU not found", "Invalid state", "Reset type not supported",
    };
    return (unsigned)result < sizeof texts / sizeof *texts ? texts[result] : "Unknown Error";
}

EXPORT nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned int length)
{
    BEGIN_SYSTEM();
    return sim_end(put_text(version, length, sim_scene()->driver));
}

EXPORT nvmlReturn_t nvmlSystemGetNVMLVersion(char *version, unsigned int length)
{
    BEGIN_SYSTEM();
    char text[96];
    snprintf(text, sizeof text, "12.%s", sim_scene()->driver);
    return sim_end(put_text(version, length, text));
}

static nvmlReturn_t cuda_version(int *version)
{
    REQUIRE(version);
    *version = 12080;
    return sim_end(NVML_SUCCESS);
}

EXPORT nvmlReturn_t nvmlSystemGetCudaDriverVersion(int *version) { BEGIN_SYSTEM(); return cuda_version(version); }
EXPORT nvmlReturn_t nvmlSystemGetCudaDriverVersion_v2(int *version) { BEGIN_SYSTEM(); return cuda_version(version); }

EXPORT nvmlReturn_t nvmlSystemGetProcessName(unsigned int pid, char *name, unsigned int length)
{
    BEGIN_SYSTEM();
    const scene *s = sim_scene();
    for (size_t i = 0; i < s->job_count; i++)
        if (s->jobs[i].pid == pid && *s->jobs[i].name) return sim_end(put_text(name, length, s->jobs[i].name));
    return sim_end(NVML_ERROR_NOT_FOUND);
}

static unsigned int whole_gpus(const scene *s)
{
    unsigned int n = 0;
    for (int i = 0; i < s->device_count; i++) n += s->devices[i].slice < 0 && device_is_there(&s->devices[i], sim_scene_time());
    return n;
}

static nvmlReturn_t count_devices(unsigned int *count)
{
    REQUIRE(count);
    *count = whole_gpus(sim_scene());
    return sim_end(NVML_SUCCESS);
}

EXPORT nvmlReturn_t nvmlDeviceGetCount(unsigned int *count) { BEGIN_SYSTEM(); return count_devices(count); }
EXPORT nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *count) { BEGIN_SYSTEM(); return count_devices(count); }

static nvmlReturn_t found(const char *call, int d, nvmlDevice_t *handle)
{
    nvmlReturn_t result = sim_reach(call, d);
    if (result == NVML_SUCCESS) *handle = sim_handle(d);
    return sim_end(result);
}

static nvmlReturn_t by_index(const char *call, unsigned int index, nvmlDevice_t *handle)
{
    REQUIRE(handle && index < MAX_DEVICES);
    int d = scene_device_at(sim_scene(), (int)index, -1, sim_scene_time());
    REQUIRE(d >= 0);
    return found(call, d, handle);
}

EXPORT nvmlReturn_t nvmlDeviceGetHandleByIndex(unsigned int index, nvmlDevice_t *handle) { BEGIN_SYSTEM(); return by_index(__func__, index, handle); }
EXPORT nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *handle) { BEGIN_SYSTEM(); return by_index(__func__, index, handle); }

EXPORT nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *handle)
{
    BEGIN_SYSTEM();
    REQUIRE(uuid && handle);
    const scene *s = sim_scene();
    for (int d = 0; d < s->device_count; d++)
        if (strcmp(s->devices[d].uuid, uuid) == 0 && device_is_there(&s->devices[d], sim_scene_time())) return found(__func__, d, handle);
    return sim_end(NVML_ERROR_NOT_FOUND);
}

EXPORT nvmlReturn_t nvmlDeviceGetHandleByPciBusId_v2(const char *bus_id, nvmlDevice_t *handle)
{
    BEGIN_SYSTEM();
    unsigned int domain, bus;
    REQUIRE(bus_id && handle && sscanf(bus_id, "%x:%x:", &domain, &bus) == 2 && bus >= 1 && bus <= MAX_DEVICES);
    int d = scene_find_device(sim_scene(), (int)bus - 1, -1);
    return d < 0 || !device_is_there(&sim_scene()->devices[d], sim_scene_time()) ? sim_end(NVML_ERROR_NOT_FOUND) : found(__func__, d, handle);
}
