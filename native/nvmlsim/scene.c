/* A scene in memory: devices, jobs, curves, and their values at an instant. */
#include "engine.h"
#include <stdlib.h>
#include <string.h>

bool curve_add(curve *c, double t, uint64_t bytes, bool ramp)
{
    if (c->count == c->room) {
        size_t room = c->room ? 2 * c->room : 16;
        point *grown = realloc(c->at, room * sizeof *grown);
        if (!grown) return false;
        c->at = grown;
        c->room = room;
    }
    c->at[c->count++] = (point){ t, bytes, ramp };
    return true;
}

/* Index of the last point at or before t, or -1. */
static long last_point(const curve *c, double t)
{
    size_t low = 0, high = c->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c->at[middle].t <= t) low = middle + 1;
        else high = middle;
    }
    return (long)low - 1;
}

static uint64_t curve_at(const curve *c, double t)
{
    long i = last_point(c, t);
    if (i < 0) return ABSENT;
    const point *here = &c->at[i], *next = here + 1;
    if ((size_t)i + 1 == c->count || !next->ramp || here->bytes == ABSENT || next->bytes == ABSENT) return here->bytes;
    double share = (t - here->t) / (next->t - here->t);
    return (uint64_t)((double)here->bytes + share * ((double)next->bytes - (double)here->bytes));
}

bool job_memory_at(const job *j, double t, uint64_t *bytes)
{
    if (t < j->start || t >= j->end) return false;
    uint64_t value = curve_at(&j->memory, t - j->start);
    *bytes = value;
    return value != ABSENT;
}

uint64_t told_at(const curve *c, double t)
{
    uint64_t value = curve_at(c, t);
    return value == ABSENT ? NVML_VALUE_NOT_AVAILABLE : value;
}

uint64_t device_used_at(const scene *s, int device_index, double t)
{
    const device *dev = &s->devices[device_index];
    uint64_t used = dev->base, bytes, room = dev->total - dev->reserved;
    if (dev->from_trace) {
        used = curve_at(&dev->used_by_all, t);
        return used == ABSENT ? 0 : used < room ? used : room;
    }
    for (size_t i = 0; i < s->job_count; i++) {
        const device *on = &s->devices[s->jobs[i].device];
        bool mine = s->jobs[i].device == device_index || (dev->slice < 0 && on->slice >= 0 && on->index == dev->index);
        if (mine && job_memory_at(&s->jobs[i], t, &bytes)) used += bytes;
    }
    return used < room ? used : room;
}

int scene_find_device(const scene *s, int index, int slice)
{
    for (int i = 0; i < s->device_count; i++)
        if (s->devices[i].index == index && s->devices[i].slice == slice) return i;
    return -1;
}

bool device_is_there(const device *dev, double t) { return t >= dev->from && t < dev->to; }

int scene_place_of(const scene *s, int device_index, double t)
{
    int place = 0;
    for (int i = 0; i < s->device_count; i++)
        place += s->devices[i].slice < 0 && s->devices[i].index < s->devices[device_index].index && device_is_there(&s->devices[i], t);
    return place;
}

int scene_device_at(const scene *s, int place, int slice, double t)
{
    for (int i = 0; i < s->device_count; i++) {
        const device *dev = &s->devices[i];
        if (dev->slice == slice && device_is_there(dev, t) && scene_place_of(s, i, t) == place) return i;
    }
    return -1;
}

device *scene_add_device(scene *s, int index, int slice)
{
    if (s->device_count == MAX_DEVICES) return NULL;
    device *dev = &s->devices[s->device_count++];
    *dev = (device){ .index = index, .slice = slice, .to = 1e300 };
    snprintf(dev->name, sizeof dev->name, "NVIDIA Simulated GPU");
    if (slice < 0) snprintf(dev->uuid, sizeof dev->uuid, "GPU-51b0c0de-0000-4000-8000-%012x", (unsigned)index);
    else snprintf(dev->uuid, sizeof dev->uuid, "MIG-51b0c0de-%04x-4000-8000-%012x", (unsigned)slice + 1, (unsigned)index);
    return dev;
}

job *scene_add_job(scene *s)
{
    if (s->job_count == s->job_room) {
        size_t room = s->job_room ? 2 * s->job_room : 16;
        job *grown = realloc(s->jobs, room * sizeof *grown);
        if (!grown) return NULL;
        s->jobs = grown;
        s->job_room = room;
    }
    job *j = &s->jobs[s->job_count++];
    memset(j, 0, sizeof *j);
    j->kinds = COMPUTE;
    j->end = 1e300;
    return j;
}

void scene_free(scene *s)
{
    for (size_t i = 0; i < s->job_count; i++) {
        free(s->jobs[i].memory.at);
        free(s->jobs[i].torch_allocated.at);
        free(s->jobs[i].torch_reserved.at);
    }
    for (int i = 0; i < s->device_count; i++) free(s->devices[i].used_by_all.at);
    free(s->jobs);
    memset(s, 0, sizeof *s);
}
