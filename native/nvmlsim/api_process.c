/* Process lists in all their versions. Asked with too little room they answer how much is needed. */
#include "engine.h"
#include <string.h>

typedef struct { nvmlProcessDetail_v1_t record[4096]; unsigned int count; } list;

static void gather(const scene *s, int d, unsigned int kinds, list *found)
{
    const device *dev = &s->devices[d];
    double t = sim_scene_time();
    found->count = 0;
    for (size_t i = 0; i < s->job_count && found->count < 4096; i++) {
        const job *j = &s->jobs[i];
        const device *on = &s->devices[j->device];
        uint64_t bytes;
        bool mine = j->device == d || (dev->slice < 0 && on->slice >= 0 && on->index == dev->index);
        if (!mine || !(j->kinds & kinds) || !job_memory_at(j, t, &bytes)) continue;
        found->record[found->count++] = (nvmlProcessDetail_v1_t){
            .pid = j->pid,
            .usedGpuMemory = j->memory_unknown || on->memory_unknown ? NVML_VALUE_NOT_AVAILABLE : bytes,
            .gpuInstanceId = on->slice >= 0 ? (unsigned)on->slice + 1 : NVML_NO_INSTANCE,
            .computeInstanceId = on->slice >= 0 ? 0 : NVML_NO_INSTANCE,
        };
    }
}

/* Each older record is a prefix of the newest one; padding is left as it was. */
static void put_record(char *to, const nvmlProcessDetail_v1_t *record, size_t stride)
{
    nvmlProcessDetail_v1_t *out = (nvmlProcessDetail_v1_t *)(void *)to;
    memcpy(to + offsetof(nvmlProcessDetail_v1_t, pid), &record->pid, sizeof record->pid);
    memcpy(to + offsetof(nvmlProcessDetail_v1_t, usedGpuMemory), &record->usedGpuMemory, sizeof record->usedGpuMemory);
    if (stride < sizeof(nvmlProcessInfo_v2_t)) return;
    out->gpuInstanceId = record->gpuInstanceId;
    out->computeInstanceId = record->computeInstanceId;
    if (stride >= sizeof(nvmlProcessDetail_v1_t)) out->usedGpuCcProtectedMemory = record->usedGpuCcProtectedMemory;
}

static nvmlReturn_t list_processes(const char *call, nvmlDevice_t handle, unsigned int *count, void *infos, unsigned int kinds, size_t stride)
{
    static list found; /* guarded by the engine's lock */
    int d;
    nvmlReturn_t begun = sim_begin(call, handle, &d);
    if (begun != NVML_SUCCESS) return begun;
    const scene *s = sim_scene();
    REQUIRE(count && (*count == 0 || infos));
    if (stride == 0) stride = (size_t)s->v3_stride;
    gather(s, d, kinds, &found);
    unsigned int room = *count;
    *count = found.count;
    if (found.count > room) {
        if (room == 0) *count = (int)found.count + s->probe_error > 0 ? (unsigned int)((int)found.count + s->probe_error) : 1;
        return sim_end(NVML_ERROR_INSUFFICIENT_SIZE);
    }
    for (unsigned int i = 0; i < found.count; i++) put_record((char *)infos + i * stride, &found.record[i], stride);
    return sim_end(NVML_SUCCESS);
}

#define LIST(visibility, name, type, kinds, stride)                                       \
    visibility nvmlReturn_t name(nvmlDevice_t handle, unsigned int *count, type *infos)   \
    { return list_processes(__func__, handle, count, infos, kinds, stride); }

LIST(EXPORT, nvmlDeviceGetComputeRunningProcesses, nvmlProcessInfo_v1_t, COMPUTE, sizeof(nvmlProcessInfo_v1_t))
LIST(EXPORT, nvmlDeviceGetGraphicsRunningProcesses, nvmlProcessInfo_v1_t, GRAPHICS, sizeof(nvmlProcessInfo_v1_t))
LIST(SINCE_455, nvmlDeviceGetMPSComputeRunningProcesses, nvmlProcessInfo_v1_t, MPS, sizeof(nvmlProcessInfo_v1_t))
LIST(SINCE_455, nvmlDeviceGetComputeRunningProcesses_v2, nvmlProcessInfo_v2_t, COMPUTE, sizeof(nvmlProcessInfo_v2_t))
LIST(SINCE_455, nvmlDeviceGetGraphicsRunningProcesses_v2, nvmlProcessInfo_v2_t, GRAPHICS, sizeof(nvmlProcessInfo_v2_t))
LIST(SINCE_455, nvmlDeviceGetMPSComputeRunningProcesses_v2, nvmlProcessInfo_v2_t, MPS, sizeof(nvmlProcessInfo_v2_t))
/* The stride of _v3 changed between drivers under the same name: the scene says which. */
LIST(SINCE_510, nvmlDeviceGetComputeRunningProcesses_v3, void, COMPUTE, 0)
LIST(SINCE_510, nvmlDeviceGetGraphicsRunningProcesses_v3, void, GRAPHICS, 0)
LIST(SINCE_510, nvmlDeviceGetMPSComputeRunningProcesses_v3, void, MPS, 0)

/* Exported together with ConfComputeMemSizeInfo, else nvitop takes _v3 for the 32-byte form. Hopper only, so not supported. */
SINCE_535 nvmlReturn_t nvmlDeviceGetRunningProcessDetailList(nvmlDevice_t handle, nvmlProcessDetailList_v1_t *list_)
{
    BEGIN(handle);
    (void)s;
    (void)list_;
    return sim_end(NVML_ERROR_NOT_SUPPORTED);
}

/* One sample per running process, as young as the question; busy enough to look alive. */
EXPORT nvmlReturn_t nvmlDeviceGetProcessUtilization(nvmlDevice_t handle, nvmlProcessUtilizationSample_t *samples, unsigned int *count,
                                                    unsigned long long last_seen_us)
{
    static list found;
    BEGIN(handle);
    REQUIRE(count);
    if (dev->slice >= 0) return sim_end(NVML_ERROR_NOT_SUPPORTED);
    gather(s, d, COMPUTE | GRAPHICS | MPS, &found);
    unsigned long long now_us = (unsigned long long)((sim_scene_time() + 1) * 1e6);
    if (found.count == 0 || now_us <= last_seen_us) return sim_end(NVML_ERROR_NOT_FOUND);
    unsigned int room = *count;
    *count = found.count;
    if (!samples || room < found.count) return sim_end(NVML_ERROR_INSUFFICIENT_SIZE);
    for (unsigned int i = 0; i < found.count; i++)
        samples[i] = (nvmlProcessUtilizationSample_t){ .pid = found.record[i].pid, .timeStamp = now_us, .smUtil = 90 / found.count, .memUtil = 30 / found.count };
    return sim_end(NVML_SUCCESS);
}
