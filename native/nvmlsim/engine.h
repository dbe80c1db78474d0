/* The engine: what a node's GPUs and jobs look like at a simulated instant. Scenarios and traces are both read into this. */
#ifndef NVMLSIM_ENGINE_H
#define NVMLSIM_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "nvml.h"

/* Everything is hidden but the ABI. A driver older than the one that brought a function lacks its symbol:
 * NVMLSIM_DRIVER builds such a library. */
#ifndef NVMLSIM_DRIVER
#define NVMLSIM_DRIVER 610
#endif
#define EXPORT __attribute__((visibility("default")))
#if NVMLSIM_DRIVER >= 455
#define SINCE_455 EXPORT
#else
#define SINCE_455
#endif
#if NVMLSIM_DRIVER >= 510
#define SINCE_510 EXPORT
#else
#define SINCE_510
#endif
#if NVMLSIM_DRIVER >= 535
#define SINCE_535 EXPORT
#else
#define SINCE_535
#endif

enum { MAX_DEVICES = 128, MAX_FAULTS = 256 };

/* Bytes over time: a stair, or a straight line up to a point marked `ramp`. ABSENT: the process is not there. */
#define ABSENT (UINT64_MAX - 1)
typedef struct { double t; uint64_t bytes; bool ramp; } point;
typedef struct { point *at; size_t count, room; } curve;

enum { COMPUTE = 1, GRAPHICS = 2, MPS = 4 };

typedef struct {
    unsigned int pid;
    int device;          /* index into scene.devices */
    unsigned int kinds;  /* COMPUTE | GRAPHICS | MPS */
    double start, end;   /* points are relative to start; a trace's jobs start at 0 and are ABSENT outside their rows */
    bool memory_unknown;
    char name[128];
    curve memory;
    curve torch_allocated, torch_reserved; /* what the process itself would tell, by a trace; empty or ABSENT: nothing */
} job;

typedef struct {
    int index;           /* NVML index of the GPU, of the parent for a MIG slice */
    int slice;           /* MIG index within the parent; -1 for a whole GPU */
    double from, to;     /* plugged in, or cut; taken out, or destroyed */
    uint64_t total, reserved, base;
    bool reserve_included;   /* MemoryInfo_v2.used counts the reserve */
    bool memory_unknown;     /* WDDM: no process's memory is told */
    bool from_trace;         /* used_by_all replaces base + sum of jobs */
    char name[64], uuid[80];
    curve used_by_all;
} device;

/* What goes wrong, when, where and on which calls; -1 = every device. */
typedef struct {
    int device;
    double from, to;
    char call[96];       /* pattern of fnmatch */
    int code;            /* < 0: no code */
    int delay_ms;
    bool hang;
} fault;

typedef struct {
    device devices[MAX_DEVICES];
    int device_count;
    job *jobs;
    size_t job_count, job_room;
    fault faults[MAX_FAULTS];
    int fault_count;
    int v3_stride;       /* bytes of a record of the _v3 lists: 16, 24 or 32 */
    int probe_error;     /* the size probe answers this much too many or too few */
    double begin;        /* the clock's first reading: a trace keeps its own times */
    double duration;
    char driver[80];
} scene;

/* Reads `file` (called `path` in messages). On a mistake prints one line "nvmlsim: PATH:LINE: …" and returns false. */
bool scene_read(scene *s, FILE *file, const char *path);
bool scene_read_trace(scene *s, FILE *file, const char *path, const char *header);
void scene_free(scene *s);
device *scene_add_device(scene *s, int index, int slice);
int scene_find_device(const scene *s, int index, int slice);
/* The driver numbers the GPUs that are there: the place among them of a whole GPU, and the GPU (or a slice of it) at a place, or -1. */
int scene_place_of(const scene *s, int device_index, double t);
int scene_device_at(const scene *s, int place, int slice, double t);
bool device_is_there(const device *dev, double t);
job *scene_add_job(scene *s);
bool curve_add(curve *c, double t, uint64_t bytes, bool ramp);

/* false: absent at that time */
bool job_memory_at(const job *j, double t, uint64_t *bytes);
/* NVML_VALUE_NOT_AVAILABLE: it tells nothing then */
uint64_t told_at(const curve *c, double t);
/* Memory in use without the driver's reserve, never more than there is. */
uint64_t device_used_at(const scene *s, int device_index, double t);

bool parse_number(const char *text, double *value);
bool parse_size(const char *text, uint64_t *bytes);
bool complain(const char *path, int line, const char *problem, const char *expectation);

/* --- calls: between a sim_begin that returned SUCCESS and its sim_end the engine is locked --- */
nvmlReturn_t sim_begin(const char *call, nvmlDevice_t handle, int *device_index);
nvmlReturn_t sim_begin_system(const char *call);
nvmlReturn_t sim_end(nvmlReturn_t result);
/* For a system call that reaches for a device, inside sim_begin_system: what is wrong with that device. */
nvmlReturn_t sim_reach(const char *call, int device_index);
nvmlReturn_t sim_open(const char *call);
nvmlReturn_t sim_close(const char *call);
const scene *sim_scene(void);
double sim_scene_time(void);
nvmlDevice_t sim_handle(int device_index);

nvmlReturn_t put_text(char *to, unsigned int length, const char *text);

#define BEGIN(handle)                                                     \
    int d;                                                                \
    {                                                                     \
        nvmlReturn_t begun = sim_begin(__func__, handle, &d);             \
        if (begun != NVML_SUCCESS) return begun;                          \
    }                                                                     \
    const scene *s = sim_scene();                                         \
    const device *dev = &s->devices[d];                                   \
    (void)dev

#define BEGIN_SYSTEM()                                                    \
    {                                                                     \
        nvmlReturn_t begun = sim_begin_system(__func__);                  \
        if (begun != NVML_SUCCESS) return begun;                          \
    }

#define REQUIRE(condition) do { if (!(condition)) return sim_end(NVML_ERROR_INVALID_ARGUMENT); } while (0)

#endif
