/* How large each structure is and where its fields lie, as this C compiler sees them: what the bindings are tested against. */
#include "engine.h"
#include <string.h>

#define TYPE(type) { #type, "", sizeof(type), 0 }
#define FIELD(type, field) { #type, #field, 0, offsetof(type, field) }
static const struct { const char *type, *field; size_t size, offset; } layout[] = {
    TYPE(nvmlPciInfo_t), FIELD(nvmlPciInfo_t, busIdLegacy), FIELD(nvmlPciInfo_t, domain), FIELD(nvmlPciInfo_t, bus), FIELD(nvmlPciInfo_t, device),
    FIELD(nvmlPciInfo_t, pciDeviceId), FIELD(nvmlPciInfo_t, pciSubSystemId), FIELD(nvmlPciInfo_t, busId),
    TYPE(nvmlMemory_t), FIELD(nvmlMemory_t, total), FIELD(nvmlMemory_t, free), FIELD(nvmlMemory_t, used),
    TYPE(nvmlMemory_v2_t), FIELD(nvmlMemory_v2_t, version), FIELD(nvmlMemory_v2_t, total), FIELD(nvmlMemory_v2_t, reserved),
    FIELD(nvmlMemory_v2_t, free), FIELD(nvmlMemory_v2_t, used),
    TYPE(nvmlBAR1Memory_t),
    TYPE(nvmlProcessInfo_v1_t), FIELD(nvmlProcessInfo_v1_t, pid), FIELD(nvmlProcessInfo_v1_t, usedGpuMemory),
    TYPE(nvmlProcessInfo_v2_t), FIELD(nvmlProcessInfo_v2_t, pid), FIELD(nvmlProcessInfo_v2_t, usedGpuMemory),
    FIELD(nvmlProcessInfo_v2_t, gpuInstanceId), FIELD(nvmlProcessInfo_v2_t, computeInstanceId),
    TYPE(nvmlProcessDetail_v1_t), FIELD(nvmlProcessDetail_v1_t, pid), FIELD(nvmlProcessDetail_v1_t, usedGpuMemory),
    FIELD(nvmlProcessDetail_v1_t, gpuInstanceId), FIELD(nvmlProcessDetail_v1_t, computeInstanceId),
    FIELD(nvmlProcessDetail_v1_t, usedGpuCcProtectedMemory),
    TYPE(nvmlProcessDetailList_v1_t), TYPE(nvmlProcessUtilizationSample_t), TYPE(nvmlUtilization_t), TYPE(nvmlTemperature_v1_t),
    TYPE(nvmlValue_t), TYPE(nvmlFieldValue_t), TYPE(nvmlEventData_t), TYPE(nvmlDeviceAttributes_t), TYPE(nvmlConfComputeMemSizeInfo_t),
};

static long find(const char *type, const char *field)
{
    for (size_t i = 0; i < sizeof layout / sizeof *layout; i++)
        if (strcmp(layout[i].type, type) == 0 && strcmp(layout[i].field, field) == 0) return (long)i;
    return -1;
}

/* -1: no such type. */
EXPORT long nvmlsim_sizeof(const char *type)
{
    long i = find(type, "");
    return i < 0 ? -1 : (long)layout[i].size;
}

EXPORT long nvmlsim_offsetof(const char *type, const char *field)
{
    long i = find(type, field);
    return i < 0 ? -1 : (long)layout[i].offset;
}
