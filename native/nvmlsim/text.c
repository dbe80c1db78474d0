/* Numbers and messages. strtod is not used: its decimal point follows the host program's locale. */
#include "engine.h"
#include <string.h>

static char last_complaint[512];

bool complain(const char *path, int line, const char *problem, const char *expectation)
{
    char place[16] = "";
    if (line > 0) snprintf(place, sizeof place, ":%d", line);
    snprintf(last_complaint, sizeof last_complaint, "%s%s: %s; %s", path, place, problem, expectation);
    fprintf(stderr, "nvmlsim: %s\n", last_complaint);
    return false;
}

/* What was wrong with the last trace, scenario or setting that could not be used. */
EXPORT const char *nvmlsim_error(void) { return last_complaint; }

/* Reads digits with at most one point; *end is the first character after them. */
static bool decimal(const char *text, double *value, const char **end)
{
    double whole = 0, scale = 1;
    bool digits = false, point = false;
    for (; (*text >= '0' && *text <= '9') || (*text == '.' && !point); text++) {
        if (*text == '.') { point = true; continue; }
        digits = true;
        whole = whole * 10 + (*text - '0');
        if (point) scale *= 10;
    }
    *value = whole / scale;
    *end = text;
    return digits;
}

bool parse_number(const char *text, double *value)
{
    const char *end;
    bool negative = *text == '-';
    if (!decimal(text + negative, value, &end)) return false;
    int exponent = 0;
    if ((*end == 'e' || *end == 'E') && sscanf(end + 1, "%3d", &exponent) == 1) {
        for (end++; *end == '-' || *end == '+' || (*end >= '0' && *end <= '9'); end++) { }
        for (; exponent > 0; exponent--) *value *= 10;
        for (; exponent < 0; exponent++) *value /= 10;
    }
    if (negative) *value = -*value;
    return *end == 0;
}

bool parse_size(const char *text, uint64_t *bytes)
{
    static const struct { const char *unit; double factor; } units[] = {
        { "B", 1 }, { "KiB", 1024.0 }, { "MiB", 1048576.0 }, { "GiB", 1073741824.0 },
    };
    double value;
    const char *unit;
    if (!decimal(text, &value, &unit)) return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(unit, units[i].unit) != 0 || value * units[i].factor > 1e15) continue;
        *bytes = (uint64_t)(value * units[i].factor + 0.5);
        return true;
    }
    return false;
}

nvmlReturn_t put_text(char *to, unsigned int length, const char *text)
{
    if (!to) return NVML_ERROR_INVALID_ARGUMENT;
    size_t needed = strlen(text) + 1;
    if (needed > length) return NVML_ERROR_INSUFFICIENT_SIZE;
    memcpy(to, text, needed);
    return NVML_SUCCESS;
}
