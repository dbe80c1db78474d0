#!/usr/bin/env python3
"""Writes the dashboards beside it: each once over InfluxQL and once over PromQL. The JSON is committed; run this after a change."""
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = {
    "influxql": {"type": "influxdb", "uid": "gpuwatch-influxql"},
    "promql": {"type": "prometheus", "uid": "gpuwatch-promql"},
}
LANGUAGES = {"influxql": "InfluxQL", "promql": "PromQL"}
GREEN, YELLOW, ORANGE, RED = "green", "yellow", "orange", "red"
GIB = 1 << 30

# What counts as a risk: as the alert rules do (dashboards/alerts).
RISK = [(None, GREEN), (0.5, ORANGE), (0.66, RED)]
ROOM = [(None, RED), (GIB, ORANGE), (4 * GIB, GREEN)]
ANY = [(None, GREEN), (1, RED)]
UP = [(None, RED), (1, GREEN)]
SOON = [(None, RED), (60, ORANGE), (600, GREEN)]


def influx(query, alias=""):
    return {"query": query, "alias": alias}


def prom(expr, legend=""):
    return {"expr": expr, "legend": legend}


def panel(title, kind, unit, influxql, promql, width=12, height=8, **more):
    """One panel; a list of queries for each language, or None where the language cannot say it.

    text: what the panel tells, under its (i). empty: what stands there while there is nothing. thresholds: [(from, colour)].
    stack: areas upon each other; over: names of lines before them. limits: pattern of the names of dashed red lines. to: (dashboard,
    {variable: label}) that a click leads to. titles, texts, empties: by language, where they differ.
    """
    return dict(title=title, kind=kind, unit=unit, influxql=influxql, promql=promql, width=width, height=height, **more)


GPU = "$tag_host gpu $tag_gpu"
PROM_GPU = "{{instance}} gpu {{gpu}}"
PROCESS = "gpu $tag_gpu pid $tag_pid $tag_name"
NOW = "time > now() - 1m"
RANGE = "$timeFilter"
AT = 'AND "host" =~ /^$host$/'
LAST_RISK = 'SELECT last("p_600s") AS "p" FROM "oom" WHERE ' + NOW + ' GROUP BY "host", "gpu", "pid"'
TO_NODE = ("node", {"host": {"influxql": "host", "promql": "instance"}})
TO_JOB = ("job", {"host": {"influxql": "host", "promql": "instance"}, "pid": {"influxql": "pid", "promql": "pid"}})

FLEET = [
    panel("GPUs that are watched", "stat", "short",
          [influx('SELECT count("u") FROM (SELECT last("mem_used") AS "u" FROM "gpu" WHERE ' + NOW + ' GROUP BY "host", "gpu")', "GPUs")],
          [prom("sum(gpuwatch_gpu_up)", "GPUs")], 6, 4, text="GPUs that gave data within the last minute.", empty="none"),
    panel("GPUs at risk", "stat", "short",
          [influx('SELECT count("m") FROM (SELECT max("p") AS "m" FROM (' + LAST_RISK + ') GROUP BY "host", "gpu") WHERE "m" > 0.5', "GPUs")],
          [prom('count(max by (instance, gpu) (gpuwatch_oom_probability_ratio{horizon="600s"}) > 0.5) or vector(0)', "GPUs")], 6, 4,
          text="With a process that will more likely than not run out of memory within 10 minutes.", empty="none", thresholds=ANY),
    panel("Alerts that stand", "stat", "short",
          [influx('SELECT sum("s") FROM (SELECT last("standing") AS "s" FROM "alert" WHERE ' + RANGE + ' GROUP BY "host", "gpu", "pid", "kind") GROUP BY "kind"', "$tag_kind")],
          [prom("sum by (rule, severity) (gpuwatch_alerts_firing)", "{{rule}} {{severity}}")], 6, 4, empty="none", thresholds=ANY),
    panel("Sinks that do not deliver", "stat", "short", None,
          [prom("count(gpuwatch_sink_up == 0) or vector(0)", "sinks")], 6, 4, text="The agents' own: stores, collectors and ways to page.", thresholds=ANY),
    panel("Probability of running out within 10 min", "bargauge", "percentunit",
          [influx('SELECT max("p") FROM (' + LAST_RISK + ') GROUP BY "host", "gpu"', GPU)],
          [prom('max by (instance, gpu) (gpuwatch_oom_probability_ratio{horizon="600s"})', PROM_GPU)], 12,
          text="Of the process most at risk on each GPU, now.", empty="no process is watched", thresholds=RISK, to=TO_NODE),
    panel("Head-room", "bargauge", "bytes",
          [influx('SELECT last("mem_free") FROM "gpu" WHERE ' + NOW + ' GROUP BY "host", "gpu"', GPU)],
          [prom("gpuwatch_gpu_memory_free_bytes", PROM_GPU)], 12, text="What a new allocation can still take, now.", thresholds=ROOM, to=TO_NODE),
    panel("Memory in use", "timeseries", "percentunit",
          [influx('SELECT mean("mem_used") / mean("mem_limit") FROM "gpu" WHERE ' + RANGE + ' GROUP BY time($__interval), "host", "gpu" fill(none)', GPU)],
          [prom("gpuwatch_gpu_memory_used_bytes / gpuwatch_gpu_memory_limit_bytes", PROM_GPU)], 12, to=TO_NODE),
    panel("What was said", "table", "short",
          [influx('SELECT "severity", "reason", "firing", "eta", "host"::tag, "gpu"::tag, "pid"::tag, "kind"::tag FROM "alert" WHERE ' + RANGE + ' ORDER BY time DESC LIMIT 50')],
          [prom("sum by (instance, gpu, pid) (gpuwatch_oom_predicted_seconds)", "eta")], 12, empty="no alert in this time",
          titles={"promql": "Who runs out, and when"}, units={"eta": "s"},
          text="Begin and end of each alert, with its reason and the seconds that were left.", texts={"promql": "Seconds until memory is forecast to run out."}),
    panel("Points lost", "timeseries", "cps", None,
          [prom("sum by (instance, sink) (rate(gpuwatch_sink_points_dropped_total[5m]) + rate(gpuwatch_sink_points_rejected_total[5m]))", "{{instance}} {{sink}}")], 24, 5,
          text="Dropped because a queue or the spool was full, or refused by the far side."),
]

NODE = [
    panel("Memory of each GPU", "timeseries", "bytes",
          [influx(f'SELECT mean("mem_used") FROM "gpu" WHERE {RANGE} {AT} GROUP BY time($__interval), "gpu" fill(none)', "used, gpu $tag_gpu"),
           influx(f'SELECT mean("mem_limit") FROM "gpu" WHERE {RANGE} {AT} GROUP BY time($__interval), "gpu" fill(none)', "limit, gpu $tag_gpu")],
          [prom('gpuwatch_gpu_memory_used_bytes{instance=~"$host"}', "used, gpu {{gpu}}"),
           prom('gpuwatch_gpu_memory_limit_bytes{instance=~"$host"}', "limit, gpu {{gpu}}")], 24, limits="/^limit/"),
    panel("Who holds it", "timeseries", "bytes",
          [influx(f'SELECT mean("mem_used") FROM "gpu_process" WHERE {RANGE} {AT} GROUP BY time($__interval), "host", "gpu", "pid", "name" fill(none)', PROCESS)],
          [prom('gpuwatch_process_gpu_memory_used_bytes{instance=~"$host"}', "gpu {{gpu}} pid {{pid}} {{name}}")], 12, stack=True, to=TO_JOB,
          text="A click leads to the job.", empty="no process"),
    panel("Room for new allocations", "timeseries", "bytes",
          [influx(f'SELECT min("mem_free") FROM "gpu" WHERE {RANGE} {AT} GROUP BY time($__interval), "gpu" fill(none)', "gpu $tag_gpu")],
          [prom('gpuwatch_gpu_memory_free_bytes{instance=~"$host"}', "gpu {{gpu}}")], 12),
    panel("Probability of running out", "timeseries", "percentunit",
          [influx(f'SELECT max("p_60s") FROM "oom" WHERE {RANGE} {AT} GROUP BY time($__interval), "host", "gpu", "pid" fill(none)', "60 s, gpu $tag_gpu pid $tag_pid"),
           influx(f'SELECT max("p_600s") FROM "oom" WHERE {RANGE} {AT} GROUP BY time($__interval), "host", "gpu", "pid" fill(none)', "10 min, gpu $tag_gpu pid $tag_pid")],
          [prom('gpuwatch_oom_probability_ratio{instance=~"$host"}', "{{horizon}}, gpu {{gpu}} pid {{pid}}")], 24, to=TO_JOB, empty="no process is watched"),
]

ME = AT + ' AND "pid" =~ /^$pid$/'
MINE = '{instance=~"$host", pid=~"$pid"}'
OBSERVED = (influx(f'SELECT max("mem_used") FROM "gpu_process" WHERE {RANGE} {ME} GROUP BY time($__interval) fill(none)', "held"),
            prom("sum(gpuwatch_process_gpu_memory_used_bytes" + MINE + ")", "held"))
LIMIT = (influx(f'SELECT max("mem_limit") FROM "gpu" WHERE {RANGE} {AT} AND "gpu" =~ /^$gpu$/ GROUP BY time($__interval) fill(none)', "GPU's limit"),
         prom('max(gpuwatch_gpu_memory_limit_bytes{instance=~"$host"} and on (instance, gpu) gpuwatch_process_gpu_memory_used_bytes' + MINE + ")", "GPU's limit"))
JOB = [
    panel("Estimated, by component", "timeseries", "bytes",
          [influx(f'SELECT mean("estimated") FROM "component" WHERE {RANGE} {ME} GROUP BY time($__interval), "component" fill(previous)', "$tag_component"), OBSERVED[0], LIMIT[0]],
          [prom("sum by (component) (gpuwatch_process_memory_estimated_bytes" + MINE + ")", "{{component}}"), OBSERVED[1], LIMIT[1]],
          12, 10, stack=True, over=["held"], limits="/limit$/", text="What the job was estimated to take at its peak, and what it holds.", empty="no job was declared for this process"),
    panel("Observed, by component", "timeseries", "bytes",
          [influx(f'SELECT last("observed") FROM "component" WHERE {RANGE} {ME} GROUP BY time($__interval), "component" fill(previous)', "$tag_component"), OBSERVED[0], LIMIT[0]],
          [prom("sum by (component) (gpuwatch_process_memory_observed_bytes" + MINE + ")", "{{component}}"), OBSERVED[1], LIMIT[1]],
          12, 10, stack=True, over=["held"], limits="/limit$/", text="What was seen of each component at the highest so far; what cannot be told apart yet is not shown.",
          empty="nothing can be told apart yet"),
    panel("Forecast of the peak", "timeseries", "bytes",
          [influx(f'SELECT last("peak_low") FROM "oom" WHERE {RANGE} {ME} GROUP BY time($__interval) fill(none)', "low"),
           influx(f'SELECT last("peak") FROM "oom" WHERE {RANGE} {ME} GROUP BY time($__interval) fill(none)', "peak"),
           influx(f'SELECT last("peak_high") FROM "oom" WHERE {RANGE} {ME} GROUP BY time($__interval) fill(none)', "high"), OBSERVED[0], LIMIT[0]],
          [prom("max(gpuwatch_process_gpu_memory_predicted_peak_low_bytes" + MINE + ")", "low"),
           prom("max(gpuwatch_process_gpu_memory_predicted_peak_bytes" + MINE + ")", "peak"),
           prom("max(gpuwatch_process_gpu_memory_predicted_peak_high_bytes" + MINE + ")", "high"), OBSERVED[1], LIMIT[1]],
          16, 10, band=True, over=["held"], limits="/limit$/", text="The band is the 90 % interval of the highest that the process will hold."),
    panel("Time until memory runs out", "stat", "s",
          [influx(f'SELECT last("runs_out_at") FROM "alert" WHERE {RANGE} {ME}', "as told at the last alert")],
          [prom("min(gpuwatch_oom_predicted_seconds" + MINE + ")", "from now")], 8, 5, thresholds=SOON, empty="not foreseen",
          titles={"influxql": "When memory runs out"}, influxql_unit="dateTimeFromNow"),
    panel("Probability of running out", "stat", "percentunit",
          [influx(f'SELECT last("p_60s") FROM "oom" WHERE {RANGE} {ME}', "within 60 s"),
           influx(f'SELECT last("p_600s") FROM "oom" WHERE {RANGE} {ME}', "within 10 min")],
          [prom("max by (horizon) (gpuwatch_oom_probability_ratio" + MINE + ")", "within {{horizon}}")], 8, 5, thresholds=RISK, empty="no forecast yet"),
]

WHERE_FROM = {"influxql": "At the end of each process.", "promql": "The last of each process within the time shown."}
CALIBRATION = [
    panel("Observed and estimated, by component", "barchart", "bytes",
          [influx(f'SELECT mean("final_observed") AS "observed", mean("final_estimated") AS "estimated" FROM "component" WHERE {RANGE} GROUP BY "component"')],
          [prom("avg by (component) (last_over_time(gpuwatch_process_memory_observed_bytes[$__range]))", "observed"),
           prom("avg by (component) (last_over_time(gpuwatch_process_memory_estimated_bytes[$__range]))", "estimated")],
          12, 10, texts=WHERE_FROM, empty="no process of a declared job has ended yet", empties={"promql": "no declared job"}),
    panel("Residual by component: observed less estimated", "timeseries", "bytes",
          [influx(f'SELECT "final_observed" - "final_estimated" FROM "component" WHERE {RANGE} GROUP BY "component", "host", "gpu", "pid"', "$tag_component, gpu $tag_gpu pid $tag_pid")],
          [prom("avg by (component) (gpuwatch_process_memory_observed_bytes - on (instance, gpu, pid, component) gpuwatch_process_memory_estimated_bytes)", "{{component}}")],
          12, 10, points=True, zero=True, text="Above zero the component took more than was estimated.", empty="no process of a declared job has ended yet"),
    panel("Residual of the peak: observed less estimated", "timeseries", "bytes",
          [influx(f'SELECT "observed_peak" - "estimated_peak" FROM "reconciliation" WHERE {RANGE} GROUP BY "host", "gpu", "pid"', "gpu $tag_gpu pid $tag_pid")],
          [prom("sum by (instance, gpu, pid) (gpuwatch_process_gpu_memory_peak_bytes) - sum by (instance, gpu, pid) (gpuwatch_process_memory_estimated_bytes)", "{{instance}} gpu {{gpu}} pid {{pid}}")],
          12, points=True, zero=True, texts={"influxql": "One point for each process that has ended.", "promql": "While the process runs: far below zero until its first step is done."}),
    panel("Peak: observed and estimated", "table", "bytes",
          [influx(f'SELECT "observed_peak", "estimated_peak", "host"::tag, "gpu"::tag, "pid"::tag, "name"::tag FROM "reconciliation" WHERE {RANGE} ORDER BY time DESC LIMIT 50')],
          [prom("sum by (instance, gpu, pid) (last_over_time(gpuwatch_process_gpu_memory_peak_bytes[$__range]))", "observed_peak"),
           prom("sum by (instance, gpu, pid) (last_over_time(gpuwatch_process_memory_estimated_bytes[$__range]))", "estimated_peak")], 12, texts=WHERE_FROM, empty="no process has ended yet"),
]

DASHBOARDS = {"fleet": ("GpuWatch fleet", FLEET, []), "node": ("GpuWatch node", NODE, ["host"]),
              "job": ("GpuWatch job", JOB, ["host", "pid", "gpu"]), "calibration": ("GpuWatch calibration", CALIBRATION, [])}

VARIABLES = {
    "influxql": {"host": 'SHOW TAG VALUES FROM "gpu" WITH KEY = "host"',
                 "pid": 'SHOW TAG VALUES FROM "gpu_process" WITH KEY = "pid" WHERE "host" =~ /^$host$/',
                 "gpu": 'SHOW TAG VALUES FROM "gpu_process" WITH KEY = "gpu" WHERE "host" =~ /^$host$/ AND "pid" =~ /^$pid$/'},
    "promql": {"host": "label_values(gpuwatch_gpu_up, instance)",
               "pid": 'label_values(gpuwatch_process_gpu_memory_used_bytes{instance=~"$host"}, pid)',
               "gpu": 'label_values(gpuwatch_process_gpu_memory_used_bytes{instance=~"$host", pid=~"$pid"}, gpu)'},
}


def target(language, number, query, kind):
    ref = "ABCDEFGH"[number]
    is_table = kind in ("table", "barchart")
    if language == "influxql":
        return {"refId": ref, "datasource": SOURCES[language], "rawQuery": True, "resultFormat": "table" if is_table else "time_series",
                "query": query["query"], "alias": query["alias"]}
    asked = {"refId": ref, "datasource": SOURCES[language], "expr": query["expr"], "legendFormat": query["legend"]}
    # A table and a number that stands for now need one value a series; the rest are lines.
    return {**asked, "instant": True, "range": False, "format": "table"} if is_table else {**asked, "range": True}


def unit_of(language, one):
    return one.get(language + "_unit", one["unit"])


def override(matcher, options, **properties):
    return {"matcher": {"id": matcher, "options": options}, "properties": [{"id": key, "value": value} for key, value in properties.items()]}


def custom(**properties):
    return {"custom." + key: value for key, value in properties.items()}


def link(language, name, one):
    where, variables = one["to"]
    asked = "&".join(f"var-{variable}=${{__field.labels.{labels[language]}}}" for variable, labels in variables.items())
    return {"title": f"Open the {where}", "url": f"/d/gpuwatch-{where}-{language}?{asked}&${{__url_time_range}}"}


def field_config(language, name, one):
    unit = unit_of(language, one)
    defaults = {"unit": unit, "color": {"mode": "palette-classic"}}
    if unit == "percentunit":
        defaults.update(min=0, max=1)
    elif not one.get("zero") and one["kind"] != "table":
        defaults["min"] = 0
    if "thresholds" in one and unit != "dateTimeFromNow":
        defaults["thresholds"] = {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in one["thresholds"]]}
        defaults["color"] = {"mode": "thresholds"}
    empty = one.get("empties", {}).get(language, one.get("empty"))
    if empty:
        defaults["noValue"] = empty
    if "to" in one:
        defaults["links"] = [link(language, name, one)]
    overrides = []
    if one["kind"] == "timeseries":
        stack, points = one.get("stack", False), one.get("points", False)
        defaults["custom"] = {"drawStyle": "points" if points else "line", "lineWidth": 1, "pointSize": 6, "showPoints": "always" if points else "never",
                              "fillOpacity": 40 if stack else 0, "spanNulls": True, "stacking": {"mode": "normal" if stack else "none", "group": "A"}}
        for line in one.get("over", []):
            overrides.append(override("byName", line, **custom(stacking={"mode": "none", "group": "A"}, lineWidth=3, fillOpacity=0)))
        if "limits" in one:
            overrides.append(override("byRegexp", one["limits"], **custom(stacking={"mode": "none", "group": "A"}, lineStyle={"fill": "dash", "dash": [8, 8]}, fillOpacity=0),
                                      color={"mode": "fixed", "fixedColor": RED}))
        if one.get("band"):
            overrides.append(override("byName", "high", **custom(fillBelowTo="low", fillOpacity=20, lineWidth=0)))
            overrides.append(override("byName", "low", **custom(lineWidth=0)))
    if one["kind"] == "table":
        for column, its in one.get("units", {}).items():
            overrides.append(override("byName", column, unit=its))
    return {"defaults": defaults, "overrides": overrides}


def options(one):
    last = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    return {
        "stat": {**last, "colorMode": "value", "graphMode": "none", "textMode": "auto", "orientation": "auto"},
        "bargauge": {**last, "displayMode": "gradient", "orientation": "horizontal", "showUnfilled": True, "valueMode": "color"},
        "timeseries": {"legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull", "max"]},
                       "tooltip": {"mode": "multi", "sort": "desc"}},
        "table": {"showHeader": True, "cellHeight": "sm"},
        "barchart": {"xField": "component", "orientation": "horizontal", "showValue": "auto", "stacking": "none",
                     "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}},
    }[one["kind"]]


def transformations(language, one):
    """Prometheus' tables come one a query and name their column Value: they become one table, each column named as its query."""
    if one["kind"] not in ("table", "barchart"):
        return []
    hidden = {"Time": True} if language == "promql" or one["kind"] == "barchart" else {}
    names = {}
    if language == "promql":
        values = one["promql"]
        names = {("Value" if len(values) == 1 else f"Value #{'ABCDEFGH'[i]}"): query["legend"] for i, query in enumerate(values)}
    merged = [{"id": "merge", "options": {}}] if language == "promql" else []
    return merged + [{"id": "organize", "options": {"excludeByName": hidden, "indexByName": {}, "renameByName": names}}]


def panels(language, name, wanted):
    out, x, y, row = [], 0, 0, 0
    for one in wanted:
        if one[language] is None:
            continue
        if x + one["width"] > 24:
            x, y, row = 0, y + row, 0
        drawn = {"id": len(out) + 1, "title": one.get("titles", {}).get(language, one["title"]), "type": one["kind"], "datasource": SOURCES[language],
                 "gridPos": {"x": x, "y": y, "w": one["width"], "h": one["height"]},
                 "targets": [target(language, i, query, one["kind"]) for i, query in enumerate(one[language])],
                 "fieldConfig": field_config(language, name, one), "options": options(one)}
        text = one.get("texts", {}).get(language, one.get("text"))
        if text:
            drawn["description"] = text
        changed = transformations(language, one)
        if changed:
            drawn["transformations"] = changed
        out.append(drawn)
        x, row = x + one["width"], max(row, one["height"])
    return out


def variable(language, name):
    drawn = {"name": name, "type": "query", "datasource": SOURCES[language], "query": VARIABLES[language][name], "refresh": 2, "multi": False, "sort": 3}
    if name == "host":
        return {**drawn, "label": "Host", "includeAll": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"}}
    if name == "pid":
        # One job at a time: the components of several have no sum.
        return {**drawn, "label": "Process", "includeAll": False}
    # Where the process is; nobody chooses it.
    return {**drawn, "includeAll": False, "hide": 2}


def dashboard(language, name):
    title, wanted, variables = DASHBOARDS[name]
    return {"uid": f"gpuwatch-{name}-{language}", "title": f"{title} ({LANGUAGES[language]})",
            "tags": ["gpuwatch", language], "schemaVersion": 41, "editable": True, "graphTooltip": 1, "refresh": "5s", "timezone": "browser",
            "time": {"from": "now-15m", "to": "now"}, "templating": {"list": [variable(language, each) for each in variables]},
            "links": [{"title": "GpuWatch", "type": "dashboards", "tags": ["gpuwatch", language], "asDropdown": False, "includeVars": False, "keepTime": True,
                       "icon": "external link", "tooltip": "", "url": "", "targetBlank": False}],
            "annotations": {"list": []}, "panels": panels(language, name, wanted)}


def main():
    for language in SOURCES:
        os.makedirs(os.path.join(HERE, language), exist_ok=True)
        for name in DASHBOARDS:
            with open(os.path.join(HERE, language, name + ".json"), "w", encoding="utf-8") as out:
                json.dump(dashboard(language, name), out, indent=2, ensure_ascii=False)
                out.write("\n")


main()
