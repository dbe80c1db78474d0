/* GPUs cut into instances. A slice's GPU instance id is its MIG index + 1; its compute instance id is 0. */
#include "engine.h"

enum { SLICES = 7 };

static int slice_of(const scene *s, const device *dev, int slice)
{
    int found = scene_find_device(s, dev->index, slice);
    return found >= 0 && device_is_there(&s->devices[found], sim_scene_time()) ? found : -1;
}

static bool has_slices(const scene *s, const device *dev)
{
    for (int slice = 0; slice < SLICES; slice++)
        if (slice_of(s, dev, slice) >= 0) return true;
    return false;
}

EXPORT nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t handle, unsigned int *mode, unsigned int *pending)
{
    BEGIN(handle);
    REQUIRE(mode && pending);
    if (dev->slice >= 0) return sim_end(NVML_ERROR_INVALID_ARGUMENT);
    if (!has_slices(s, dev)) return sim_end(NVML_ERROR_NOT_SUPPORTED);
    *mode = *pending = 1;
    return sim_end(NVML_SUCCESS);
}

EXPORT nvmlReturn_t nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t handle, unsigned int *count)
{
    BEGIN(handle);
    REQUIRE(count);
    *count = has_slices(s, dev) ? SLICES : 0;
    return sim_end(NVML_SUCCESS);
}

EXPORT nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t handle, unsigned int index, nvmlDevice_t *slice)
{
    BEGIN(handle);
    REQUIRE(slice && index < SLICES && dev->slice < 0);
    int found = slice_of(s, dev, (int)index);
    if (found < 0) return sim_end(NVML_ERROR_NOT_FOUND);
    *slice = sim_handle(found);
    return sim_end(NVML_SUCCESS);
}

EXPORT nvmlReturn_t nvmlDeviceGetDeviceHandleFromMigDeviceHandle(nvmlDevice_t handle, nvmlDevice_t *parent)
{
    BEGIN(handle);
    REQUIRE(parent && dev->slice >= 0);
    *parent = sim_handle(scene_find_device(s, dev->index, -1));
    return sim_end(NVML_SUCCESS);
}

EXPORT nvmlReturn_t nvmlDeviceIsMigDeviceHandle(nvmlDevice_t handle, unsigned int *is_slice)
{
    BEGIN(handle);
    REQUIRE(is_slice);
    (void)s;
    *is_slice = dev->slice >= 0;
    return sim_end(NVML_SUCCESS);
}

EXPORT nvmlReturn_t nvmlDeviceGetGpuInstanceId(nvmlDevice_t handle, unsigned int *id)
{
    BEGIN(handle);
    REQUIRE(id);
    (void)s;
    *id = (unsigned)dev->slice + 1;
    return sim_end(dev->slice >= 0 ? NVML_SUCCESS : NVML_ERROR_NOT_SUPPORTED);
}

EXPORT nvmlReturn_t nvmlDeviceGetComputeInstanceId(nvmlDevice_t handle, unsigned int *id)
{
    BEGIN(handle);
    REQUIRE(id);
    (void)s;
    *id = 0;
    return sim_end(dev->slice >= 0 ? NVML_SUCCESS : NVML_ERROR_NOT_SUPPORTED);
}

SINCE_455 nvmlReturn_t nvmlDeviceGetAttributes_v2(nvmlDevice_t handle, nvmlDeviceAttributes_t *attributes)
{
    BEGIN(handle);
    REQUIRE(attributes);
    (void)s;
    if (dev->slice < 0) return sim_end(NVML_ERROR_NOT_SUPPORTED);
    *attributes = (nvmlDeviceAttributes_t){ .multiprocessorCount = 16, .sharedCopyEngineCount = 1, .gpuInstanceSliceCount = 1,
                                            .computeInstanceSliceCount = 1, .memorySizeMB = dev->total >> 20 };
    return sim_end(NVML_SUCCESS);
}
