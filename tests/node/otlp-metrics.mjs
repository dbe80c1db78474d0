// Reads OTLP metrics requests, base64, a line each, on stdin and prints each as JSON, decoded by OpenTelemetry's own JavaScript.
// Strict: a field that its schema does not know ends it with an error.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
const { opentelemetry } = require('@opentelemetry/otlp-proto-exporter-base/build/src/generated/root.js')
const { ExportMetricsServiceRequest } = opentelemetry.proto.collector.metrics.v1

require('protobufjs/minimal').Reader.prototype.skipType = () => { throw new Error('a field that the schema does not know') }

const value = ({ stringValue, intValue, doubleValue, boolValue }) => stringValue ?? doubleValue ?? boolValue ?? (intValue == null ? null : Number(intValue))
const attributes = list => Object.fromEntries(list.map(({ key, value: its }) => [key, value(its)]))

for await (const line of createInterface({ input: process.stdin })) {
  const request = ExportMetricsServiceRequest.decode(Buffer.from(line, 'base64'))
  console.log(JSON.stringify(request.resourceMetrics.map(({ resource, scopeMetrics }) => ({
    resource: attributes(resource.attributes),
    metrics: scopeMetrics.flatMap(({ metrics }) => metrics).map(metric => ({
      name: metric.name,
      unit: metric.unit,
      kind: ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'].find(kind => metric[kind] != null),
      points: (metric.gauge ?? metric.sum)?.dataPoints.map(point => ({
        value: point.asDouble ?? Number(point.asInt),
        timeUnixNano: String(point.timeUnixNano),
        attributes: attributes(point.attributes)
      }))
    }))
  }))))
}
