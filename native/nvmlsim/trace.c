/* Reads a trace: CSV with one row per process (or per device, pid empty) and instant; see CONTRACTS 5 (a) in the README. */
#include "engine.h"
#include <stdlib.h>
#include <string.h>

enum { TIME, GPU, PID, USED, DEVICE_USED, DEVICE_TOTAL, TORCH_ALLOCATED, TORCH_RESERVED, COLUMNS, NEEDED = TORCH_ALLOCATED, MAX_CELLS = 32 };
static const char *const names[COLUMNS] = { "time_s", "gpu", "pid", "used_bytes", "device_used_bytes", "device_total_bytes", "torch_allocated_bytes", "torch_reserved_bytes" };
static const char *const header_wanted = "expected the columns time_s,gpu,pid,used_bytes,device_used_bytes,device_total_bytes";

/* Splits in place; quotes have no place in numbers. */
static int split(char *text, char *cells[MAX_CELLS])
{
    int n = 0;
    text[strcspn(text, "\r\n")] = 0;
    for (char *cell = text; cell && n < MAX_CELLS; ) {
        char *comma = strchr(cell, ',');
        if (comma) *comma++ = 0;
        cells[n++] = cell;
        cell = comma;
    }
    return n;
}

static bool find_columns(char *header, int column[COLUMNS])
{
    char *cells[MAX_CELLS];
    if (strncmp(header, "\xef\xbb\xbf", 3) == 0) header += 3;
    int n = split(header, cells);
    for (int c = 0; c < COLUMNS; c++) {
        column[c] = -1;
        for (int i = 0; i < n; i++) if (strcmp(cells[i], names[c]) == 0) column[c] = i;
        if (column[c] < 0 && c < NEEDED) return false;
    }
    return true;
}

/* An instant of a device is complete: processes without a row in it are gone. */
static bool end_missing(scene *s, int d, double now)
{
    for (size_t i = 0; i < s->job_count; i++) {
        curve *m = &s->jobs[i].memory;
        if (s->jobs[i].device != d || m->at[m->count - 1].bytes == ABSENT || m->at[m->count - 1].t >= now) continue;
        if (!curve_add(m, now, ABSENT, false)) return false;
    }
    return true;
}

static job *job_of(scene *s, int d, unsigned int pid)
{
    for (size_t i = s->job_count; i-- > 0; )
        if (s->jobs[i].device == d && s->jobs[i].pid == pid) return &s->jobs[i];
    job *j = scene_add_job(s);
    if (j) { j->device = d; j->pid = pid; }
    return j;
}

static bool may_be_empty(int c) { return c == PID || c == USED || c >= NEEDED; }

static bool take_row(scene *s, char *cells[], int n, const int column[COLUMNS], double *time, const char **problem)
{
    double value[COLUMNS] = { 0 };
    bool given[COLUMNS] = { false };
    *problem = "a cell is missing or is not a number ≥ 0";
    for (int c = 0; c < COLUMNS; c++) {
        const char *text = column[c] >= 0 && column[c] < n ? cells[column[c]] : "";
        given[c] = *text != 0;
        if (!given[c] && may_be_empty(c)) continue;
        if (!parse_number(text, &value[c]) || (value[c] < 0 && c != TIME) || value[c] > 1e15) return false;
    }
    if (value[TIME] < *time) { *problem = "time runs backwards"; return false; }
    *time = value[TIME];
    *problem = "too many GPUs";
    if (value[GPU] >= MAX_DEVICES) return false;
    int index = (int)value[GPU], d = scene_find_device(s, index, -1);
    if (d < 0) {
        device *added = scene_add_device(s, index, -1);
        if (!added) return false;
        added->from_trace = true;
        d = s->device_count - 1;
    }
    device *dev = &s->devices[d];
    curve *all = &dev->used_by_all;
    *problem = "out of memory";
    if (all->count == 0 || all->at[all->count - 1].t < *time) {
        if (all->count && !end_missing(s, d, all->at[all->count - 1].t)) return false;
        if (!curve_add(all, *time, (uint64_t)value[DEVICE_USED], false)) return false;
    }
    dev->total = (uint64_t)value[DEVICE_TOTAL];
    if (!given[PID]) return true;
    job *j = job_of(s, d, (unsigned int)value[PID]);
    return j && curve_add(&j->memory, *time, given[USED] ? (uint64_t)value[USED] : NVML_VALUE_NOT_AVAILABLE, false)
        && curve_add(&j->torch_allocated, *time, given[TORCH_ALLOCATED] ? (uint64_t)value[TORCH_ALLOCATED] : ABSENT, false)
        && curve_add(&j->torch_reserved, *time, given[TORCH_RESERVED] ? (uint64_t)value[TORCH_RESERVED] : ABSENT, false);
}

bool scene_read_trace(scene *s, FILE *file, const char *path, const char *header)
{
    int column[COLUMNS], line_number = 1;
    char *line = NULL, *cells[MAX_CELLS], *copy = strdup(header);
    size_t room = 0;
    double time = -1e300, before = time;
    const char *problem = NULL;
    if (!copy || !find_columns(copy, column)) { free(copy); return complain(path, 1, "this is no trace header", header_wanted); }
    free(copy);
    for (ssize_t length; !problem && (length = getline(&line, &room, file)) >= 0; ) {
        line_number++;
        if (strlen(line) != (size_t)length) { problem = "a NUL byte: this is no text"; break; }
        int n = split(line, cells);
        if (n == 1 && *cells[0] == 0) continue;
        double last = time;
        const char *wrong;
        if (!take_row(s, cells, n, column, &time, &wrong)) problem = wrong;
        if (last == -1e300) s->begin = time;
        else if (time > last) before = last;
    }
    free(line);
    if (problem) return complain(path, line_number, problem, "expected a row of numbers, ordered by time");
    if (s->device_count == 0) return complain(path, line_number, "no rows", "expected at least one row after the header");
    for (int d = 0; d < s->device_count; d++) {
        const curve *all = &s->devices[d].used_by_all;
        if (!end_missing(s, d, all->at[all->count - 1].t)) return complain(path, line_number, "out of memory", "expected a smaller trace");
    }
    /* The last row lasts as long as the one before it, so that a loop shows it too. */
    s->duration = time - s->begin + (before > -1e300 ? time - before : 1);
    return true;
}
