/* The running simulator: its clock, its lock, which calls fail, and how often each was made. */
#include "engine.h"
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Devices are addresses into this array: they stay valid when another scene is loaded. */
struct nvmlDevice_st { int index; };
static struct nvmlDevice_st handles[MAX_DEVICES];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static scene current;
static bool loaded;
static int sessions, generation;

static struct { double origin, speed, start, by_hand; bool manual, loop; } sim_clock;
static struct { const char *call; unsigned long long count; } counters[256];

/* The node that run.sh shows: also what a program gets that names no scenario. */
__asm__(".section .rodata\n"
        "nvmlsim_node: .incbin \"" NVMLSIM_NODE "\"\n"
        "nvmlsim_node_end: .byte 0\n"
        ".previous\n");
extern const char nvmlsim_node[] __attribute__((visibility("hidden")));
extern const char nvmlsim_node_end[] __attribute__((visibility("hidden")));

static double monotonic_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double elapsed_s(void)
{
    return sim_clock.manual ? sim_clock.by_hand : sim_clock.start + sim_clock.speed * (monotonic_s() - sim_clock.origin);
}

double sim_scene_time(void)
{
    double t = elapsed_s();
    if (sim_clock.loop && t >= current.duration) t = fmod(t, current.duration);
    if (t > current.duration) t = current.duration;
    return current.begin + t;
}

const scene *sim_scene(void) { return &current; }
nvmlDevice_t sim_handle(int device_index) { return &handles[device_index]; }

static bool environment_number(const char *name, double *value)
{
    const char *text = getenv(name);
    if (!text || !*text) return true;
    if (parse_number(text, value) && *value >= 0) return true;
    return complain(name, 0, "not a number ≥ 0", "expected e.g. 20");
}

static bool start_clock(bool manual)
{
    double speed = 1, start = 0;
    if (!manual && (!environment_number("GPUWATCH_SIM_SPEED", &speed) || !environment_number("GPUWATCH_SIM_START", &start))) return false;
    const char *loop = getenv("GPUWATCH_SIM_LOOP");
    sim_clock.speed = speed;
    sim_clock.start = start;
    sim_clock.loop = !manual && loop && strcmp(loop, "1") == 0;
    sim_clock.manual = manual;
    sim_clock.by_hand = 0;
    sim_clock.origin = monotonic_s();
    return true;
}

static nvmlReturn_t load(FILE *file, const char *path, bool manual)
{
    scene next;
    if (!file) {
        complain(path, 0, strerror(errno), "expected a readable trace or scenario");
        return NVML_ERROR_UNKNOWN;
    }
    bool ok = scene_read(&next, file, path);
    fclose(file);
    if (!ok) return NVML_ERROR_UNKNOWN;
    if (!start_clock(manual)) { scene_free(&next); return NVML_ERROR_UNKNOWN; }
    scene_free(&current);
    current = next;
    loaded = true;
    generation++;
    memset(counters, 0, sizeof counters);
    pthread_cond_broadcast(&changed);
    return NVML_SUCCESS;
}

static nvmlReturn_t load_default(void)
{
    const char *path = getenv("GPUWATCH_SIM");
    if (path && *path) return load(fopen(path, "r"), path, false);
    return load(fmemopen((void *)nvmlsim_node, (size_t)(nvmlsim_node_end - nvmlsim_node), "r"), "node.scn", false);
}

static void count(const char *call)
{
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
        if (counters[i].call && strcmp(counters[i].call, call) != 0) continue;
        counters[i].call = call;
        counters[i].count++;
        return;
    }
}

static bool concerns(const fault *f, const char *call, int d, double t)
{
    return (f->device < 0 || f->device == d) && t >= f->from && t < f->to && fnmatch(f->call, call, 0) == 0;
}

static void wait_ms(int ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)(ms % 1000) * 1000000L;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    int began = generation;
    while (generation == began && pthread_cond_timedwait(&changed, &lock, &until) != ETIMEDOUT) { }
}

/* Applies what goes wrong now. The lock is held, but given up while a call is delayed or hangs. */
static nvmlReturn_t suffer(const char *call, int d)
{
    int began = generation;
    for (int i = 0; generation == began && i < current.fault_count; i++) {
        if (!concerns(&current.faults[i], call, d, sim_scene_time())) continue;
        if (current.faults[i].delay_ms > 0) wait_ms(current.faults[i].delay_ms);
        while (generation == began && current.faults[i].hang && concerns(&current.faults[i], call, d, sim_scene_time())) wait_ms(20);
        if (generation == began && current.faults[i].code >= 0) return (nvmlReturn_t)current.faults[i].code;
    }
    return generation == began ? NVML_SUCCESS : NVML_ERROR_UNKNOWN;
}

nvmlReturn_t sim_end(nvmlReturn_t result)
{
    pthread_mutex_unlock(&lock);
    return result;
}

nvmlReturn_t sim_begin_system(const char *call)
{
    pthread_mutex_lock(&lock);
    count(call);
    if (sessions == 0) return sim_end(NVML_ERROR_UNINITIALIZED);
    nvmlReturn_t result = suffer(call, -2);
    return result == NVML_SUCCESS ? result : sim_end(result);
}

/* Index into the scene's devices, or -1 for what is no handle of one. */
static int index_of(nvmlDevice_t handle)
{
    uintptr_t offset = (uintptr_t)handle - (uintptr_t)handles;
    bool known = (uintptr_t)handle >= (uintptr_t)handles && offset % sizeof *handles == 0 && offset / sizeof *handles < (size_t)current.device_count;
    return known ? (int)(offset / sizeof *handles) : -1;
}

nvmlReturn_t sim_begin(const char *call, nvmlDevice_t handle, int *device_index)
{
    pthread_mutex_lock(&lock);
    count(call);
    if (sessions == 0) return sim_end(NVML_ERROR_UNINITIALIZED);
    *device_index = index_of(handle);
    if (*device_index < 0 || !device_is_there(&current.devices[*device_index], sim_scene_time())) return sim_end(NVML_ERROR_INVALID_ARGUMENT);
    nvmlReturn_t result = suffer(call, *device_index);
    return result == NVML_SUCCESS ? result : sim_end(result);
}

nvmlReturn_t sim_reach(const char *call, int device_index) { return suffer(call, device_index); }

nvmlReturn_t sim_open(const char *call)
{
    pthread_mutex_lock(&lock);
    count(call);
    nvmlReturn_t result = loaded ? NVML_SUCCESS : load_default();
    if (result == NVML_SUCCESS) result = suffer(call, -2);
    if (result == NVML_SUCCESS) sessions++;
    return sim_end(result);
}

nvmlReturn_t sim_close(const char *call)
{
    nvmlReturn_t result = sim_begin_system(call);
    if (result != NVML_SUCCESS) return result;
    sessions--;
    return sim_end(NVML_SUCCESS);
}

/* --- for tests and for an agent that wants to know that this is a simulator --- */

/* Seconds on the simulated clock: the trace's own time, or seconds since the scenario began. Runs on at the end. */
EXPORT double nvmlsim_time_s(void)
{
    pthread_mutex_lock(&lock);
    double t = loaded ? current.begin + elapsed_s() : 0;
    pthread_mutex_unlock(&lock);
    return t;
}

/* Loads another scene and stops the clock at its beginning: from then on only nvmlsim_set_time moves it. Hung calls return. */
EXPORT nvmlReturn_t nvmlsim_load(const char *path)
{
    pthread_mutex_lock(&lock);
    return sim_end(load(fopen(path, "r"), path, true));
}

EXPORT nvmlReturn_t nvmlsim_load_text(const char *text)
{
    pthread_mutex_lock(&lock);
    return sim_end(load(fmemopen((void *)text, strlen(text), "r"), "text", true));
}

/* Hands the clock over to the caller: it stands where it began, and only nvmlsim_set_time moves it. Returns the time it shows. */
EXPORT double nvmlsim_take_clock(void)
{
    pthread_mutex_lock(&lock);
    sim_clock.manual = true;
    sim_clock.by_hand = sim_clock.start;
    double t = loaded ? current.begin + elapsed_s() : 0;
    pthread_mutex_unlock(&lock);
    return t;
}

EXPORT void nvmlsim_set_time(double seconds)
{
    pthread_mutex_lock(&lock);
    sim_clock.by_hand = seconds - current.begin;
    pthread_mutex_unlock(&lock);
}

/* What a trace's process tells of its own allocator, which no NVML call can: GpuWatch asks here, in place of the process. */
EXPORT void nvmlsim_torch(nvmlDevice_t handle, unsigned int pid, unsigned long long *allocated, unsigned long long *reserved)
{
    *allocated = *reserved = NVML_VALUE_NOT_AVAILABLE;
    pthread_mutex_lock(&lock);
    int d = index_of(handle);
    for (size_t i = d >= 0 && current.devices[d].from_trace ? current.job_count : 0; i-- > 0; ) {
        const job *j = &current.jobs[i];
        if (j->device != d || j->pid != pid) continue;
        *allocated = told_at(&j->torch_allocated, sim_scene_time());
        *reserved = told_at(&j->torch_reserved, sim_scene_time());
        break;
    }
    pthread_mutex_unlock(&lock);
}

/* How often a function was called since the scene was loaded; all of them together for NULL. */
EXPORT unsigned long long nvmlsim_calls(const char *call)
{
    unsigned long long sum = 0;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < sizeof counters / sizeof *counters && counters[i].call; i++)
        if (!call || strcmp(counters[i].call, call) == 0) sum += counters[i].count;
    pthread_mutex_unlock(&lock);
    return sum;
}
