/* What a device is and how it feels. Readings that no one watches memory by are plausible constants. */
#include "engine.h"

static bool busy(const scene *s, int d) { return device_used_at(s, d, sim_scene_time()) > s->devices[d].base + (64u << 20); }

EXPORT nvmlReturn_t nvmlDeviceGetIndex(nvmlDevice_t handle, unsigned int *index)
{
    BEGIN(handle);
    REQUIRE(index);
    *index = (unsigned)(dev->slice < 0 ? scene_place_of(s, d, sim_scene_time()) : dev->slice);
    return sim_end(NVML_SUCCESS);
}

EXPORT nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t handle, char *name, unsigned int length)
{
    BEGIN(handle);
    (void)s;
    return sim_end(put_text(name, length, dev->name));
}

EXPORT nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t handle, char *uuid, unsigned int length)
{
    BEGIN(handle);
    (void)s;
    return sim_end(put_text(uuid, length, dev->uuid));
}

EXPORT nvmlReturn_t nvmlDeviceGetSerial(nvmlDevice_t handle, char *serial, unsigned int length)
{
    BEGIN(handle);
    (void)s;
    (void)serial;
    (void)length;
    return sim_end(NVML_ERROR_NOT_SUPPORTED);
}

EXPORT nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t handle, nvmlPciInfo_t *pci)
{
    BEGIN(handle);
    REQUIRE(pci);
    (void)s;
    unsigned int bus = (unsigned)dev->index + 1;
    *pci = (nvmlPciInfo_t){ .bus = bus, .pciDeviceId = 0x233010DE, .pciSubSystemId = 0x16C110DE };
    snprintf(pci->busIdLegacy, sizeof pci->busIdLegacy, "0000:%02X:00.0", bus & 0xFF);
    snprintf(pci->busId, sizeof pci->busId, "00000000:%02X:00.0", bus & 0xFF);
    return sim_end(NVML_SUCCESS);
}

EXPORT nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t handle, nvmlUtilization_t *utilization)
{
    BEGIN(handle);
    REQUIRE(utilization);
    if (dev->slice >= 0) return sim_end(NVML_ERROR_NOT_SUPPORTED);
    *utilization = busy(s, d) ? (nvmlUtilization_t){ 92, 48 } : (nvmlUtilization_t){ 0, 0 };
    return sim_end(NVML_SUCCESS);
}

EXPORT nvmlReturn_t nvmlDeviceGetTemperatureV(nvmlDevice_t handle, nvmlTemperature_v1_t *temperature)
{
    BEGIN(handle);
    REQUIRE(temperature);
    if (temperature->version != NVML_STRUCT_VERSION(nvmlTemperature_v1_t, 1)) return sim_end(NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
    temperature->temperature = busy(s, d) ? 64 : 33;
    return sim_end(NVML_SUCCESS);
}

EXPORT nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t handle, unsigned int *milliwatts)
{
    BEGIN(handle);
    REQUIRE(milliwatts);
    *milliwatts = busy(s, d) ? 285000 : 28000;
    return sim_end(NVML_SUCCESS);
}

EXPORT nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t handle, int count, nvmlFieldValue_t *values)
{
    BEGIN(handle);
    REQUIRE(values && count > 0);
    (void)s;
    for (int i = 0; i < count; i++) values[i].nvmlReturn = NVML_ERROR_NOT_SUPPORTED;
    return sim_end(NVML_SUCCESS);
}

/* Calls of one result, two results, and with a selector before the result. */
#define READS(name, type, value)                                              \
    EXPORT nvmlReturn_t name(nvmlDevice_t handle, type *out)                  \
    { BEGIN(handle); REQUIRE(out); (void)s; *out = (value); return sim_end(NVML_SUCCESS); }
#define READS_TWO(name, first, second)                                        \
    EXPORT nvmlReturn_t name(nvmlDevice_t handle, unsigned int *a, unsigned int *b) \
    { BEGIN(handle); REQUIRE(a && b); (void)s; *a = (first); *b = (second); return sim_end(NVML_SUCCESS); }
#define READS_WITH(name, value)                                               \
    EXPORT nvmlReturn_t name(nvmlDevice_t handle, unsigned int which, unsigned int *out) \
    { BEGIN(handle); REQUIRE(out); (void)s; (void)which; *out = (value); return sim_end(NVML_SUCCESS); }

READS(nvmlDeviceGetMinorNumber, unsigned int, (unsigned)dev->index)
READS(nvmlDeviceGetBrand, unsigned int, 5)
READS(nvmlDeviceGetFanSpeed, unsigned int, 41)
READS(nvmlDeviceGetEnforcedPowerLimit, unsigned int, 350000)
READS(nvmlDeviceGetPowerManagementLimit, unsigned int, 350000)
READS(nvmlDeviceGetTotalEnergyConsumption, unsigned long long, (unsigned long long)(sim_scene_time() * 250000))
READS(nvmlDeviceGetMaxPcieLinkGeneration, unsigned int, 4)
READS(nvmlDeviceGetMaxPcieLinkWidth, unsigned int, 16)
READS(nvmlDeviceGetCurrPcieLinkGeneration, unsigned int, 4)
READS(nvmlDeviceGetCurrPcieLinkWidth, unsigned int, 16)
READS(nvmlDeviceGetPerformanceState, unsigned int, 0)
READS(nvmlDeviceGetDisplayActive, unsigned int, 0)
READS(nvmlDeviceGetPersistenceMode, unsigned int, 1)
READS(nvmlDeviceGetComputeMode, unsigned int, 0)
READS(nvmlDeviceGetNumGpuCores, unsigned int, 16384)
READS(nvmlDeviceGetMemoryBusWidth, unsigned int, 384)
READS(nvmlDeviceGetCurrentClocksThrottleReasons, unsigned long long, 0)
READS_TWO(nvmlDeviceGetEncoderUtilization, 0, 100000)
READS_TWO(nvmlDeviceGetDecoderUtilization, 0, 100000)
READS_WITH(nvmlDeviceGetTemperature, busy(s, d) ? 64 : 33)
READS_WITH(nvmlDeviceGetTemperatureThreshold, 90)
READS_WITH(nvmlDeviceGetClockInfo, which == 2 ? 10501 : 2520)
READS_WITH(nvmlDeviceGetMaxClockInfo, which == 2 ? 10501 : 3105)
READS_WITH(nvmlDeviceGetPcieThroughput, 1024)

/* A Windows notion: Linux answers not supported, and readers expect the symbol to be there. */
static nvmlReturn_t driver_model(const device *dev, unsigned int *current, unsigned int *pending)
{
    REQUIRE(current && pending);
    if (!dev->memory_unknown) return sim_end(NVML_ERROR_NOT_SUPPORTED);
    *current = *pending = 0; /* WDDM */
    return sim_end(NVML_SUCCESS);
}

EXPORT nvmlReturn_t nvmlDeviceGetDriverModel(nvmlDevice_t handle, unsigned int *a, unsigned int *b) { BEGIN(handle); (void)s; return driver_model(dev, a, b); }
EXPORT nvmlReturn_t nvmlDeviceGetDriverModel_v2(nvmlDevice_t handle, unsigned int *a, unsigned int *b) { BEGIN(handle); (void)s; return driver_model(dev, a, b); }

EXPORT nvmlReturn_t nvmlDeviceGetTotalEccErrors(nvmlDevice_t handle, unsigned int type, unsigned int counter, unsigned long long *errors)
{
    BEGIN(handle);
    (void)s;
    (void)type;
    (void)counter;
    (void)errors;
    return sim_end(NVML_ERROR_NOT_SUPPORTED);
}

EXPORT nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t handle, int *major, int *minor)
{
    BEGIN(handle);
    REQUIRE(major && minor);
    (void)s;
    *major = 8;
    *minor = 9;
    return sim_end(NVML_SUCCESS);
}
