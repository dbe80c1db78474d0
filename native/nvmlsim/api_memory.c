/* Device memory: what NVML is asked for most. */
#include "engine.h"

/* The first version always counts the driver's reserve as used. */
EXPORT nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t handle, nvmlMemory_t *memory)
{
    BEGIN(handle);
    REQUIRE(memory);
    uint64_t used = device_used_at(s, d, sim_scene_time()) + dev->reserved;
    *memory = (nvmlMemory_t){ .total = dev->total, .free = dev->total - used, .used = used };
    return sim_end(NVML_SUCCESS);
}

/* nvtop passes the bare number 2 as version; the library takes it, so that all readers see the same `used`. */
SINCE_510 nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t handle, nvmlMemory_v2_t *memory)
{
    BEGIN(handle);
    REQUIRE(memory);
    unsigned int version = memory->version;
    if (version != NVML_STRUCT_VERSION(nvmlMemory_v2_t, 2) && version != 2) return sim_end(NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
    uint64_t used = device_used_at(s, d, sim_scene_time());
    memory->total = dev->total;
    memory->reserved = dev->reserved;
    memory->free = dev->total - dev->reserved - used;
    memory->used = used + (dev->reserve_included ? dev->reserved : 0);
    return sim_end(NVML_SUCCESS);
}

EXPORT nvmlReturn_t nvmlDeviceGetBAR1MemoryInfo(nvmlDevice_t handle, nvmlBAR1Memory_t *memory)
{
    BEGIN(handle);
    REQUIRE(memory);
    (void)s;
    *memory = (nvmlBAR1Memory_t){ .bar1Total = 256ULL << 20, .bar1Free = 250ULL << 20, .bar1Used = 6ULL << 20 };
    return sim_end(NVML_SUCCESS);
}

SINCE_535 nvmlReturn_t nvmlDeviceGetConfComputeMemSizeInfo(nvmlDevice_t handle, nvmlConfComputeMemSizeInfo_t *memory)
{
    BEGIN(handle);
    (void)s;
    (void)memory;
    return sim_end(NVML_ERROR_NOT_SUPPORTED);
}
