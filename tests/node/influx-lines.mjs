// Reads points as JSON lines on stdin and prints the line protocol of @influxdata/influxdb-client for each.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
const { Point } = createRequire(import.meta.url)('@influxdata/influxdb-client')

for await (const text of createInterface({ input: process.stdin })) {
  const { measurement, tags, fields, time } = JSON.parse(text)
  const point = new Point(measurement)
  for (const [key, value] of tags) point.tag(key, value)
  for (const [key, kind, value] of fields) {
    if (kind === 'int') point.intField(key, value)
    else if (kind === 'float') point.floatField(key, value)
    else if (kind === 'bool') point.booleanField(key, value)
    else point.stringField(key, value)
  }
  point.timestamp(time)
  console.log(JSON.stringify(point.toLineProtocol() ?? null))
}
