// Reads Kubernetes manifests on stdin and prints them as constants of the types that kubernetes-types publishes, for the compiler to judge.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
const { parseAllDocuments } = createRequire(import.meta.url)('yaml')
parseAllDocuments(readFileSync(0, 'utf8')).forEach((document, i) => {
  if (document.errors.length > 0) throw document.errors[0]
  const manifest = document.toJS()
  const group = manifest.apiVersion === 'v1' ? 'core/v1' : manifest.apiVersion
  console.log(`import type { ${manifest.kind} as K${i} } from 'kubernetes-types/${group}'`)
  console.log(`export const manifest${i}: K${i} = ${JSON.stringify(manifest, null, 1)}`)
})
