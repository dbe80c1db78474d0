/* Reads a scenario: one directive a line, words of the form key=value. README.md describes it. */
#include "engine.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 24 };
typedef struct { scene *s; job *j; char *word[MAX_WORDS]; int words; const char *problem, *expected; } parse;

static bool bad(parse *p, const char *problem, const char *expected)
{
    p->problem = problem;
    p->expected = expected;
    return false;
}

/* Words end at blanks; quotes keep blanks inside; # begins a comment. */
static bool split(parse *p, char *text)
{
    p->words = 0;
    for (;;) {
        text += strspn(text, " \t\r\n");
        if (*text == 0 || *text == '#') return true;
        if (p->words == MAX_WORDS) return bad(p, "too many words", "expected at most 24");
        char *to = text;
        p->word[p->words++] = text;
        for (bool quoted = false; *text && (quoted || !strchr(" \t\r\n", *text)); text++) {
            if (*text == '"') quoted = !quoted;
            else *to++ = *text;
        }
        if (*text) text++;
        *to = 0;
    }
}

/* The value of key=value among the words after the first, or NULL; what was taken is blanked, to find leftovers. */
static char *take(parse *p, const char *key)
{
    size_t length = strlen(key);
    for (int i = 1; i < p->words; i++) {
        if (strncmp(p->word[i], key, length) != 0 || p->word[i][length] != '=') continue;
        char *value = p->word[i] + length + 1;
        p->word[i] = "";
        return value;
    }
    return NULL;
}

static bool take_flag(parse *p, const char *name)
{
    for (int i = 1; i < p->words; i++)
        if (strcmp(p->word[i], name) == 0) { p->word[i] = ""; return true; }
    return false;
}

static bool nothing_left(parse *p, const char *expected)
{
    for (int i = 1; i < p->words; i++)
        if (*p->word[i]) return bad(p, "unknown word", expected);
    return true;
}

static bool take_number(parse *p, const char *key, double *value)
{
    char *text = take(p, key);
    return !text || (parse_number(text, value) && *value >= 0) || bad(p, "not a number ≥ 0", "expected seconds, a count or a code");
}

static bool take_size(parse *p, const char *key, uint64_t *bytes)
{
    char *text = take(p, key);
    return !text || parse_size(text, bytes) || bad(p, "not a size", "expected a number with B, KiB, MiB or GiB, e.g. 24GiB");
}

static bool take_text(parse *p, const char *key, char *to, size_t room)
{
    char *text = take(p, key);
    return !text || put_text(to, (unsigned int)room, text) == NVML_SUCCESS || bad(p, "text is too long", "expected a shorter one");
}

/* "1" is GPU 1, "1:0" its first MIG slice. */
static bool read_device(const char *text, int *index, int *slice)
{
    char after;
    *slice = -1;
    int n = sscanf(text, "%3d:%3d%c", index, slice, &after);
    return (n == 2 || (n == 1 && !strchr(text, ':'))) && *index >= 0 && *index < MAX_DEVICES && *slice >= -1 && *slice < 7;
}

static bool take_device(parse *p, int *found)
{
    int index, slice;
    char *text = take(p, "gpu");
    if (!text) return true;
    if (!read_device(text, &index, &slice)) return bad(p, "not a GPU", "expected gpu=INDEX or gpu=INDEX:SLICE");
    *found = scene_find_device(p->s, index, slice);
    return *found >= 0 || bad(p, "this GPU is not declared above", "expected a gpu line first");
}

static bool read_gpu(parse *p)
{
    static const char *const expected =
        "expected gpu INDEX[:SLICE] total=SIZE [reserved=SIZE] [base=SIZE] [name=\"…\"] [uuid=…] [reserve=apart|included] [process_memory=unknown] [from=S] [to=S]";
    int index, slice;
    if (p->words < 2 || !read_device(p->word[1], &index, &slice)) return bad(p, "not a GPU", expected);
    if (scene_find_device(p->s, index, slice) >= 0) return bad(p, "this GPU is declared twice", expected);
    if (slice < 0 && index > 0 && scene_find_device(p->s, index - 1, -1) < 0) return bad(p, "GPU indices have a hole", "expected 0, 1, 2 …");
    if (slice >= 0 && scene_find_device(p->s, index, -1) < 0) return bad(p, "the slice has no GPU", "expected the GPU's own line first");
    device *dev = scene_add_device(p->s, index, slice);
    if (!dev) return bad(p, "too many GPUs", "expected at most 128");
    p->word[1] = "";
    if (!take_size(p, "total", &dev->total) || !take_size(p, "reserved", &dev->reserved) || !take_size(p, "base", &dev->base)
        || !take_text(p, "name", dev->name, sizeof dev->name) || !take_text(p, "uuid", dev->uuid, sizeof dev->uuid)
        || !take_number(p, "from", &dev->from) || !take_number(p, "to", &dev->to)) return false;
    if (dev->to <= dev->from) return bad(p, "the GPU goes before it comes", expected);
    char *reserve = take(p, "reserve"), *told = take(p, "process_memory");
    if (reserve && strcmp(reserve, "apart") != 0 && strcmp(reserve, "included") != 0) return bad(p, "unknown reserve", expected);
    if (told && strcmp(told, "unknown") != 0) return bad(p, "unknown process_memory", expected);
    dev->reserve_included = reserve && *reserve == 'i';
    dev->memory_unknown = told != NULL;
    if (dev->total == 0 || dev->reserved > dev->total) return bad(p, "total is missing or less than reserved", expected);
    return nothing_left(p, expected);
}

static bool read_job(parse *p)
{
    static const char *const expected =
        "expected job PID gpu=DEVICE [start=S] [end=S] [kind=compute|graphics|mps|both] [name=\"…\"] [memory=unknown]";
    double pid;
    int device = -1;
    if (p->words < 2 || !parse_number(p->word[1], &pid) || pid < 1 || pid > 4294967295.0) return bad(p, "not a pid", expected);
    job *j = p->j = scene_add_job(p->s);
    if (!j) return bad(p, "out of memory", "expected a smaller scenario");
    p->word[1] = "";
    if (!take_device(p, &device) || !take_number(p, "start", &j->start) || !take_number(p, "end", &j->end)
        || !take_text(p, "name", j->name, sizeof j->name)) return false;
    if (device < 0) return bad(p, "the job is on no GPU", expected);
    char *kind = take(p, "kind"), *told = take(p, "memory");
    static const struct { const char *name; unsigned int kinds; } kinds[] = {
        { "compute", COMPUTE }, { "graphics", GRAPHICS }, { "mps", MPS }, { "both", COMPUTE | GRAPHICS } };
    bool known = !kind;
    for (size_t i = 0; kind && i < 4; i++)
        if (strcmp(kind, kinds[i].name) == 0) { j->kinds = kinds[i].kinds; known = true; }
    if (!known || (told && strcmp(told, "unknown") != 0)) return bad(p, "unknown kind or memory", expected);
    if (j->end <= j->start) return bad(p, "the job ends before it starts", expected);
    j->pid = (unsigned int)pid;
    j->device = device;
    j->memory_unknown = told != NULL;
    return nothing_left(p, expected);
}

static bool read_point(parse *p)
{
    static const char *const expected = "expected at SECONDS SIZE or ramp SECONDS SIZE, seconds after the job's start and increasing";
    double t;
    uint64_t bytes;
    if (!p->j) return bad(p, "no job above", "expected a job line first");
    const curve *c = &p->j->memory;
    if (p->words != 3 || !parse_number(p->word[1], &t) || t < 0 || !parse_size(p->word[2], &bytes)) return bad(p, "not a point", expected);
    if (c->count && t <= c->at[c->count - 1].t) return bad(p, "time does not increase", expected);
    return curve_add(&p->j->memory, t, bytes, *p->word[0] == 'r') || bad(p, "out of memory", "expected a smaller scenario");
}

static bool read_stairs(parse *p)
{
    static const char *const expected = "expected stairs SECONDS COUNT SIZE: COUNT equal steps from the point before to that time and size";
    double until, steps;
    uint64_t bytes;
    const curve *c = p->j ? &p->j->memory : NULL;
    if (!c || c->count == 0) return bad(p, "no point above", "expected a job line and an at line first");
    const point from = c->at[c->count - 1];
    if (p->words != 4 || !parse_number(p->word[1], &until) || until <= from.t || !parse_number(p->word[2], &steps)
        || steps < 1 || steps > 1e5 || steps != (double)(int)steps || !parse_size(p->word[3], &bytes)) return bad(p, "not stairs", expected);
    for (int i = 1; i <= (int)steps; i++) {
        double share = i / steps;
        uint64_t size = (uint64_t)((double)from.bytes + share * ((double)bytes - (double)from.bytes) + 0.5);
        if (!curve_add(&p->j->memory, from.t + share * (until - from.t), size, false)) return bad(p, "out of memory", "expected a smaller scenario");
    }
    return true;
}

static bool read_fault(parse *p)
{
    static const char *const expected = "expected fault code=N|delay_ms=N|hang [gpu=DEVICE] [call=PATTERN] [from=S] [to=S]";
    if (p->s->fault_count == MAX_FAULTS) return bad(p, "too many faults", "expected at most 256");
    fault *f = &p->s->faults[p->s->fault_count++];
    *f = (fault){ .device = -1, .to = 1e300, .call = "*" };
    double code = -1, delay = 0;
    if (!take_device(p, &f->device) || !take_number(p, "from", &f->from) || !take_number(p, "to", &f->to)
        || !take_number(p, "code", &code) || !take_number(p, "delay_ms", &delay) || !take_text(p, "call", f->call, sizeof f->call)) return false;
    f->hang = take_flag(p, "hang");
    f->code = code > 999 ? 999 : (int)code;
    f->delay_ms = delay > 3600000 ? 3600000 : (int)delay;
    return f->code >= 0 || delay > 0 || f->hang ? nothing_left(p, expected) : bad(p, "the fault does nothing", expected);
}

static bool read_lists(parse *p)
{
    static const char *const expected = "expected lists [v3_stride=16|24|32] [probe_error=N], N counting missing or surplus entries";
    double stride = p->s->v3_stride, error = 0;
    char *probe = take(p, "probe_error");
    if (!take_number(p, "v3_stride", &stride)) return false;
    if (stride != 16 && stride != 24 && stride != 32) return bad(p, "unknown stride", expected);
    if (probe && (!parse_number(probe, &error) || error < -1e6 || error > 1e6)) return bad(p, "not a number", expected);
    p->s->v3_stride = (int)stride;
    p->s->probe_error = (int)error;
    return nothing_left(p, expected);
}

static bool read_line(parse *p)
{
    const char *directive = p->word[0];
    if (strcmp(directive, "gpu") == 0) return read_gpu(p);
    if (strcmp(directive, "job") == 0) return read_job(p);
    if (strcmp(directive, "at") == 0 || strcmp(directive, "ramp") == 0) return read_point(p);
    if (strcmp(directive, "stairs") == 0) return read_stairs(p);
    if (strcmp(directive, "fault") == 0) return read_fault(p);
    if (strcmp(directive, "lists") == 0) return read_lists(p);
    if (p->words == 2 && strcmp(directive, "driver") == 0)
        return put_text(p->s->driver, sizeof p->s->driver, p->word[1]) == NVML_SUCCESS || bad(p, "text is too long", "expected a version");
    if (p->words == 2 && strcmp(directive, "end") == 0)
        return (parse_number(p->word[1], &p->s->duration) && p->s->duration > 0) || bad(p, "not a time", "expected end SECONDS");
    return bad(p, "unknown directive", "expected gpu, job, at, ramp, stairs, fault, lists, driver or end");
}

/* Without an end line the scene lasts until the last thing in it happens. */
static double latest_event(const scene *s)
{
    double latest = 1;
    for (size_t i = 0; i < s->job_count; i++) {
        const job *j = &s->jobs[i];
        double last = j->start + (j->memory.count ? j->memory.at[j->memory.count - 1].t : 0);
        if (j->end < 1e300) last = j->end;
        if (last > latest) latest = last;
    }
    for (int i = 0; i < s->device_count; i++) {
        double last = s->devices[i].to < 1e300 ? s->devices[i].to : s->devices[i].from;
        if (last > latest) latest = last;
    }
    for (int i = 0; i < s->fault_count; i++) {
        double last = s->faults[i].to < 1e300 ? s->faults[i].to : s->faults[i].from;
        if (last > latest) latest = last;
    }
    return latest;
}

bool scene_read(scene *s, FILE *file, const char *path)
{
    parse p = { .s = s };
    char *line = NULL;
    size_t room = 0;
    int number = 0;
    bool ok = true, trace = false;
    *s = (scene){ .v3_stride = 24, .driver = "570.172.08" };
    for (ssize_t length; ok && !trace && (length = getline(&line, &room, file)) >= 0; ) {
        number++;
        trace = number == 1 && strchr(line, ',') && !strchr(line, ' ');
        if (trace) break;
        ok = (strlen(line) == (size_t)length || bad(&p, "a NUL byte: this is no text", "expected a scenario or a trace"))
            && split(&p, line) && (p.words == 0 || read_line(&p));
    }
    if (trace) ok = scene_read_trace(s, file, path, line);
    else if (!ok) complain(path, number, p.problem, p.expected);
    else if (s->device_count == 0) ok = complain(path, number, "no GPU", "expected a gpu line or a trace header");
    else if (s->duration == 0) s->duration = latest_event(s);
    free(line);
    if (!ok) scene_free(s);
    return ok;
}
