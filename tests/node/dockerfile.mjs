// Prints what is wrong with a Dockerfile on stdin, as JSON.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
const { validate } = createRequire(import.meta.url)('dockerfile-utils')
console.log(JSON.stringify(validate(readFileSync(0, 'utf8')).map(({ message, range }) => `${range.start.line + 1}: ${message}`)))
