#!/usr/bin/env python3
"""Writes the dashboards beside it: each once over InfluxQL and once over PromQL. The JSON is committed; run this after a change."""
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = {
    "influxql": {"type": "influxdb", "uid": "gpuwatch-influxql"},
    "promql": {"type": "prometheus", "uid": "gpuwatch-promql"},
}
AT = 'AND "host" =~ /^$host$/'


def influx(query, alias=""):
    return {"query": query, "alias": alias}


def prom(expr, legend=""):
    return {"expr": expr, "legend": legend}


def panel(title, kind, unit, influxql, promql, width=12, height=8, stack=False, text=""):
    """One panel; a list of queries for each language, or None where the language cannot say it."""
    return dict(title=title, kind=kind, unit=unit, influxql=influxql, promql=promql, width=width, height=height, stack=stack, text=text)


GPU = "$tag_host gpu $tag_gpu"
PROCESS = "gpu $tag_gpu pid $tag_pid $tag_name"

FLEET = [
    panel("Probability of running out within 10 min", "bargauge", "percentunit",
          [influx('SELECT max("p_600s") FROM "oom" WHERE $timeFilter GROUP BY "host", "gpu"', GPU)],
          [prom('max by (instance, gpu) (gpuwatch_oom_probability_ratio{horizon="600s"})', "{{instance}} gpu {{gpu}}")], 8),
    panel("Head-room", "bargauge", "bytes",
          [influx('SELECT last("mem_free") FROM "gpu" WHERE $timeFilter GROUP BY "host", "gpu"', GPU)],
          [prom("gpuwatch_gpu_memory_free_bytes", "{{instance}} gpu {{gpu}}")], 8),
    panel("Alerts that fire", "stat", "short",
          [influx('SELECT count("eta") FROM "alert" WHERE $timeFilter AND "firing" = true GROUP BY "kind"', "$tag_kind")],
          [prom("sum by (rule, severity) (gpuwatch_alerts_firing)", "{{rule}} {{severity}}")], 8,
          text="InfluxQL: alerts raised in the time range; PromQL: alerts that stand now."),
    panel("Memory in use", "timeseries", "percentunit",
          [influx('SELECT mean("mem_used") / mean("mem_limit") FROM "gpu" WHERE $timeFilter GROUP BY time($__interval), "host", "gpu" fill(none)', GPU)],
          [prom("gpuwatch_gpu_memory_used_bytes / gpuwatch_gpu_memory_limit_bytes", "{{instance}} gpu {{gpu}}")], 12),
    panel("What was said", "table", "short",
          [influx('SELECT "severity", "reason", "firing" FROM "alert" WHERE $timeFilter GROUP BY "host", "gpu", "kind" ORDER BY time DESC LIMIT 20')],
          [prom("gpuwatch_oom_predicted_seconds", "gpu {{gpu}} pid {{pid}}")], 12,
          text="PromQL: seconds until memory is forecast to run out."),
    panel("Agents' own health: sinks that deliver", "stat", "short", None,
          [prom("gpuwatch_sink_up", "{{instance}} {{sink}}")], 12, 5),
    panel("Points lost", "timeseries", "short", None,
          [prom("sum by (instance, sink) (rate(gpuwatch_sink_points_dropped_total[5m]) + rate(gpuwatch_sink_points_rejected_total[5m]))", "{{instance}} {{sink}}")], 12, 5),
]

NODE = [
    panel("Memory of each GPU", "timeseries", "bytes",
          [influx(f'SELECT mean("mem_used") FROM "gpu" WHERE $timeFilter {AT} GROUP BY time($__interval), "gpu" fill(none)', "used, gpu $tag_gpu"),
           influx(f'SELECT mean("mem_limit") FROM "gpu" WHERE $timeFilter {AT} GROUP BY time($__interval), "gpu" fill(none)', "limit, gpu $tag_gpu")],
          [prom('gpuwatch_gpu_memory_used_bytes{instance=~"$host"}', "used, gpu {{gpu}}"),
           prom('gpuwatch_gpu_memory_limit_bytes{instance=~"$host"}', "limit, gpu {{gpu}}")], 24),
    panel("Who holds it", "timeseries", "bytes",
          [influx(f'SELECT mean("mem_used") FROM "gpu_process" WHERE $timeFilter {AT} GROUP BY time($__interval), "gpu", "pid", "name" fill(none)', PROCESS)],
          [prom('gpuwatch_process_gpu_memory_used_bytes{instance=~"$host"}', "gpu {{gpu}} pid {{pid}} {{name}}")], 12, stack=True),
    panel("Room for new allocations", "timeseries", "bytes",
          [influx(f'SELECT min("mem_free") FROM "gpu" WHERE $timeFilter {AT} GROUP BY time($__interval), "gpu" fill(none)', "gpu $tag_gpu")],
          [prom('gpuwatch_gpu_memory_free_bytes{instance=~"$host"}', "gpu {{gpu}}")], 12),
    panel("Probability of running out", "timeseries", "percentunit",
          [influx(f'SELECT max("p_60s") FROM "oom" WHERE $timeFilter {AT} GROUP BY time($__interval), "gpu" fill(none)', "60 s, gpu $tag_gpu"),
           influx(f'SELECT max("p_600s") FROM "oom" WHERE $timeFilter {AT} GROUP BY time($__interval), "gpu" fill(none)', "10 min, gpu $tag_gpu")],
          [prom('gpuwatch_oom_probability_ratio{instance=~"$host"}', "{{horizon}}, gpu {{gpu}} pid {{pid}}")], 24),
]

ME = AT + ' AND "pid" =~ /^$pid$/'
MINE = '{instance=~"$host", pid=~"$pid"}'
JOB = [
    panel("Estimated by component, and observed", "timeseries", "bytes",
          [influx(f'SELECT mean("estimated") FROM "component" WHERE $timeFilter {ME} GROUP BY time($__interval), "component" fill(previous)', "$tag_component"),
           influx(f'SELECT max("mem_used") FROM "gpu_process" WHERE $timeFilter {ME} GROUP BY time($__interval) fill(none)', "observed")],
          [prom("sum by (component) (gpuwatch_process_memory_estimated_bytes" + MINE + ")", "{{component}}"),
           prom("sum(gpuwatch_process_gpu_memory_used_bytes" + MINE + ")", "observed")], 24, 10, stack=True),
    panel("Forecast of the peak", "timeseries", "bytes",
          [influx(f'SELECT last("peak_low") FROM "oom" WHERE $timeFilter {ME} GROUP BY time($__interval) fill(none)', "low"),
           influx(f'SELECT last("peak") FROM "oom" WHERE $timeFilter {ME} GROUP BY time($__interval) fill(none)', "peak"),
           influx(f'SELECT last("peak_high") FROM "oom" WHERE $timeFilter {ME} GROUP BY time($__interval) fill(none)', "high"),
           influx(f'SELECT max("mem_used") FROM "gpu_process" WHERE $timeFilter {ME} GROUP BY time($__interval) fill(none)', "observed")],
          [prom("max(gpuwatch_process_gpu_memory_predicted_peak_low_bytes" + MINE + ")", "low"),
           prom("max(gpuwatch_process_gpu_memory_predicted_peak_bytes" + MINE + ")", "peak"),
           prom("max(gpuwatch_process_gpu_memory_predicted_peak_high_bytes" + MINE + ")", "high"),
           prom("max(gpuwatch_process_gpu_memory_used_bytes" + MINE + ")", "observed")], 16, 10,
          text="The band is the 90 % interval of the highest that the process will hold."),
    panel("Time until memory runs out", "stat", "s",
          [influx(f'SELECT last("eta") FROM "alert" WHERE $timeFilter {ME}', "told at the last alert")],
          [prom("min(gpuwatch_oom_predicted_seconds" + MINE + ")", "from now")], 8, 5),
    panel("Probability of running out", "stat", "percentunit",
          [influx(f'SELECT last("p_60s") FROM "oom" WHERE $timeFilter {ME}', "within 60 s"),
           influx(f'SELECT last("p_600s") FROM "oom" WHERE $timeFilter {ME}', "within 10 min")],
          [prom("max by (horizon) (gpuwatch_oom_probability_ratio" + MINE + ")", "{{horizon}}")], 8, 5),
]

CALIBRATION = [
    panel("Peak: observed less estimated", "timeseries", "bytes",
          [influx('SELECT "observed_peak" - "estimated_peak" FROM "reconciliation" WHERE $timeFilter GROUP BY "host", "gpu", "pid"', "gpu $tag_gpu pid $tag_pid")],
          [prom("sum by (instance, gpu, pid) (gpuwatch_process_gpu_memory_peak_bytes) - sum by (instance, gpu, pid) (gpuwatch_process_memory_estimated_bytes)", "{{instance}} gpu {{gpu}} pid {{pid}}")], 24,
          text="Above zero the job took more than was estimated. InfluxQL: at the end of each process; PromQL: while it runs."),
    panel("Estimated by component at the end", "bargauge", "bytes",
          [influx('SELECT mean("final_estimated") FROM "component" WHERE $timeFilter GROUP BY "component"', "$tag_component")],
          [prom("avg by (component) (gpuwatch_process_memory_estimated_bytes)", "{{component}}")], 12),
    panel("Peak: observed and estimated", "table", "bytes",
          [influx('SELECT "observed_peak", "estimated_peak" FROM "reconciliation" WHERE $timeFilter GROUP BY "host", "gpu", "pid", "name"')],
          [prom("gpuwatch_process_gpu_memory_peak_bytes", "observed {{instance}} gpu {{gpu}} pid {{pid}}")], 12),
]

DASHBOARDS = {"fleet": ("GpuWatch fleet", FLEET, []), "node": ("GpuWatch node", NODE, ["host"]),
              "job": ("GpuWatch job", JOB, ["host", "pid"]), "calibration": ("GpuWatch calibration", CALIBRATION, [])}

VARIABLES = {
    "influxql": {"host": 'SHOW TAG VALUES FROM "gpu" WITH KEY = "host"',
                 "pid": 'SHOW TAG VALUES FROM "gpu_process" WITH KEY = "pid" WHERE "host" =~ /^$host$/'},
    "promql": {"host": "label_values(gpuwatch_gpu_up, instance)",
               "pid": 'label_values(gpuwatch_process_gpu_memory_used_bytes{instance=~"$host"}, pid)'},
}


def target(language, number, query):
    ref = "ABCDEFGH"[number]
    if language == "influxql":
        return {"refId": ref, "datasource": SOURCES[language], "rawQuery": True, "resultFormat": "time_series",
                "query": query["query"], "alias": query["alias"]}
    return {"refId": ref, "datasource": SOURCES[language], "expr": query["expr"], "legendFormat": query["legend"], "range": True}


def draw(one):
    defaults = {"unit": one["unit"]}
    if one["unit"] == "percentunit":
        defaults.update(min=0, max=1)
    if one["kind"] == "timeseries":
        defaults["custom"] = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 30 if one["stack"] else 0,
                              "spanNulls": True, "stacking": {"mode": "normal" if one["stack"] else "none", "group": "A"}}
    overrides = []
    if one["stack"] and "observed" in one["title"]:
        overrides.append({"matcher": {"id": "byName", "options": "observed"},
                          "properties": [{"id": "custom.stacking", "value": {"mode": "none"}}, {"id": "custom.lineWidth", "value": 3},
                                         {"id": "custom.fillOpacity", "value": 0}]})
    if one["title"].startswith("Forecast"):
        overrides.append({"matcher": {"id": "byName", "options": "high"}, "properties": [
            {"id": "custom.fillBelowTo", "value": "low"}, {"id": "custom.fillOpacity", "value": 20}]})
    return {"defaults": defaults, "overrides": overrides}


def panels(language, wanted):
    out, x, y, row = [], 0, 0, 0
    for one in wanted:
        if one[language] is None:
            continue
        if x + one["width"] > 24:
            x, y, row = 0, y + row, 0
        drawn = {"id": len(out) + 1, "title": one["title"], "type": one["kind"], "datasource": SOURCES[language],
                 "gridPos": {"x": x, "y": y, "w": one["width"], "h": one["height"]},
                 "targets": [target(language, i, query) for i, query in enumerate(one[language])],
                 "fieldConfig": draw(one), "options": {}}
        if one["text"]:
            drawn["description"] = one["text"]
        out.append(drawn)
        x, row = x + one["width"], max(row, one["height"])
    return out


def variable(language, name):
    return {"name": name, "type": "query", "datasource": SOURCES[language], "query": VARIABLES[language][name],
            "refresh": 2, "includeAll": True, "multi": False, "allValue": ".*", "current": {"text": "All", "value": "$__all"}}


def dashboard(language, name):
    title, wanted, variables = DASHBOARDS[name]
    return {"uid": f"gpuwatch-{name}-{language}", "title": f"{title} ({'InfluxQL' if language == 'influxql' else 'PromQL'})",
            "tags": ["gpuwatch"], "schemaVersion": 41, "editable": True, "graphTooltip": 1, "refresh": "5s", "timezone": "browser",
            "time": {"from": "now-15m", "to": "now"}, "templating": {"list": [variable(language, each) for each in variables]},
            "annotations": {"list": []}, "panels": panels(language, wanted)}


def main():
    for language in SOURCES:
        os.makedirs(os.path.join(HERE, language), exist_ok=True)
        for name in DASHBOARDS:
            with open(os.path.join(HERE, language, name + ".json"), "w", encoding="utf-8") as out:
                json.dump(dashboard(language, name), out, indent=2, ensure_ascii=False)
                out.write("\n")


main()
