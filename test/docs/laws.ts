/** Writes docs/control-laws.md. Run: `npm run docs:laws` */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../tidy/sources.ts';
import { DOCUMENT, missingParts, readHeaders, render } from './law-docs.ts';

const headers = readHeaders();
writeFileSync(join(ROOT, DOCUMENT), render(headers));
process.stdout.write(`${DOCUMENT}: ${headers.length} laws\n`);
for (const header of headers) {
  const missing = missingParts(header);
  if (missing.length > 0) {
    process.stderr.write(`${header.file}: ${header.law} lacks ${missing.join(', ')}\n`);
    process.exitCode = 1;
  }
}
