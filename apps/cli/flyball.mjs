#!/usr/bin/env node
// The command's way in: it is there before anything is built, so that npm can link to it.
import { existsSync } from 'node:fs';

const main = new URL('./dist/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write(
    'flyball is not built yet: npm run build, or npm run flyball -- COMMAND builds it by itself\n',
  );
  process.exitCode = 1;
}
