/* Events, as far as a reader needs them to go on: a set can be made, waited on in vain, and freed. */
#include "engine.h"
#include <stdlib.h>
#include <time.h>

struct nvmlEventSet_st { unsigned long long types; };

EXPORT nvmlReturn_t nvmlEventSetCreate(nvmlEventSet_t *set)
{
    BEGIN_SYSTEM();
    REQUIRE(set);
    *set = calloc(1, sizeof **set);
    return sim_end(*set ? NVML_SUCCESS : NVML_ERROR_MEMORY);
}

EXPORT nvmlReturn_t nvmlDeviceGetSupportedEventTypes(nvmlDevice_t handle, unsigned long long *types)
{
    BEGIN(handle);
    REQUIRE(types);
    (void)s;
    *types = 8; /* Xid */
    return sim_end(NVML_SUCCESS);
}

EXPORT nvmlReturn_t nvmlDeviceRegisterEvents(nvmlDevice_t handle, unsigned long long types, nvmlEventSet_t set)
{
    BEGIN(handle);
    REQUIRE(set);
    (void)s;
    set->types |= types;
    return sim_end(types & ~8ULL ? NVML_ERROR_NOT_SUPPORTED : NVML_SUCCESS);
}

static nvmlReturn_t wait_in_vain(nvmlEventSet_t set, const nvmlEventData_t *data, unsigned int timeout_ms)
{
    REQUIRE(set && data);
    sim_end(NVML_SUCCESS);
    nanosleep(&(struct timespec){ .tv_sec = timeout_ms / 1000, .tv_nsec = (long)(timeout_ms % 1000) * 1000000L }, NULL);
    return NVML_ERROR_TIMEOUT;
}

EXPORT nvmlReturn_t nvmlEventSetWait(nvmlEventSet_t set, nvmlEventData_t *data, unsigned int timeout_ms) { BEGIN_SYSTEM(); return wait_in_vain(set, data, timeout_ms); }
EXPORT nvmlReturn_t nvmlEventSetWait_v2(nvmlEventSet_t set, nvmlEventData_t *data, unsigned int timeout_ms) { BEGIN_SYSTEM(); return wait_in_vain(set, data, timeout_ms); }

EXPORT nvmlReturn_t nvmlEventSetFree(nvmlEventSet_t set)
{
    BEGIN_SYSTEM();
    free(set);
    return sim_end(NVML_SUCCESS);
}
